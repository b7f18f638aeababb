/** By platform and architecture. */
export const targets: Record<string, { readonly isUntried?: boolean }>;
export function prebuildOf(target: string): string;
/** Paths of the sources that a target is compiled from. */
export function sourcesOf(target: string): string[];
