/** Markup that cannot be broken out of: whatever a template takes in is escaped, save markup. */
import { printable } from '../../printable.js';

export class Markup {
  constructor(readonly source: string) {}
}

type Part = string | number | Markup | readonly Markup[];

/** For HTML, and for SVG in it. Attributes must stand in double quotes. */
export function markup(literals: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(
    literals.reduce((before, literal, i) => `${before}${escaped(parts[i - 1] ?? '')}${literal}`),
  );
}

function escaped(part: Part): string {
  if (part instanceof Markup) return part.source;
  if (typeof part === 'number') return String(Number(part.toFixed(1)));
  if (typeof part !== 'string') return part.map(({ source }) => source).join('');
  return printable(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
