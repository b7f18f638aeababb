/** How the objects of this library show in `console.log()` and in other output of `util.inspect()`. */
import { type InspectOptions, inspect } from 'node:util';

/** `state` is what there is to say of the object as a whole, like that it is closed. */
export function show(
  name: string,
  state: string,
  properties: Readonly<Record<string, unknown>>,
  depth: number,
  options: InspectOptions,
): string {
  const title = `${name} (${state})`;
  if (depth < 0) return `[${title}]`;
  const left = typeof options.depth === 'number' ? { depth: options.depth - 1 } : {};
  return `${title} ${inspect(properties, { ...options, ...left })}`;
}
