/**
 * The prebuilt addons, as this code finds them. This file serves the sources; in dist/ others stand
 * in its place, written by scripts/build.mjs: addons.js and addons.mjs, which bundlers see through.
 */

/** Where this file is; undefined where a bundler does not tell. */
export const directory: string | undefined = __dirname;

/**
 * By their paths below prebuilds/: each gives the addon itself, or the path that its file has by
 * now. Here none does: beside the sources, prebuilds/ is found by its place.
 */
export const prebuilds: Readonly<Record<string, () => unknown>> = {};

/** Whether these load an addon that nobody has looked at: for bundles, which hold the right ones. */
export const loadsUnseen: boolean = false;
