/**
 * Text of other programs for a person's eyes. Processes choose their names, paths and arguments;
 * none of these may command a terminal, hide a part of itself, or change the order of what is read.
 */

const pictograph = String.raw`\p{Extended_Pictographic}\u{fe0f}?[\u{1f3fb}-\u{1f3ff}]?`;
/** Emoji, in which selectors and joiners are ordinary that are invisible elsewhere. */
const emoji = String.raw`${pictograph}(?:\u{200d}${pictograph})*|[#*0-9]\u{fe0f}\u{20e3}`;
/**
 * Controls, format characters (directions, zero widths, tags), separators of lines and paragraphs,
 * private characters, halves of surrogate pairs, noncharacters, and others that nothing is shown for.
 */
const unsafe = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]`;
const parts = new RegExp(`(${emoji})|${unsafe}`, 'gu');

/** One line, in which unsafe characters are written as `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(parts, (part: string, ordinary?: string) => {
    const code = part.codePointAt(0) ?? 0;
    return ordinary ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`);
  });
}

/** Like `JSON.stringify()`, with unsafe characters escaped: the value stays the same. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(parts, (part: string, ordinary?: string) => {
    if (part === '\n') return part; // of the indentation: those in strings are escaped already
    return ordinary ?? part.split('').map(escapedUnit).join('');
  });
}

function escapedUnit(unit: string): string {
  return `\\u${hex(unit.charCodeAt(0), 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
