/** By platform and architecture. */
export const targets: Record<string, { readonly isUntried?: boolean }>;
export function prebuildOf(target: string): string;
