/** The folder `node_modules` that they are in, once installed. */
export const bundlers: string;
export const bundlersOfNext: string;

/** Installs what is missing of them: half a gigabyte. */
export function installBundlers(): void;
