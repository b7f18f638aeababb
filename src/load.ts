/** Finding and loading the native addon. */
import { existsSync, readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import * as own from './addons.js';
import { isCutElf } from './elf.js';
import { type Failure, fromEnvironment, unavailable } from './unavailable.js';

/** Set by scripts/build.mjs: of the sources that the addons of this version are compiled from. */
declare const PROCSEEK_SOURCE_HASH: string | undefined;
const sourceHash = typeof PROCSEEK_SOURCE_HASH === 'string' ? PROCSEEK_SOURCE_HASH : undefined;

interface Candidate {
  readonly path: string;
  readonly load: () => unknown;
}

/**
 * The folder that this code is in: dist/ of the package, or that of a bundle. Some bundlers tell a
 * path that is relative to the folder in which they ran.
 */
const here = own.directory !== undefined && isAbsolute(own.directory) ? own.directory : undefined;

/** Loads the addon, from the first place that has one of this version for this host. */
export function loadAddon(): unknown {
  const failures: Failure[] = [];
  for (const { path, load } of candidates()) {
    if (failures.some((failure) => failure.path === path)) continue;
    try {
      return load();
    } catch (error) {
      failures.push({ path, error });
    }
  }
  throw unavailable(here, failures);
}

/** Where the addon may be, the best place first. */
function* candidates(): Generator<Candidate> {
  const given = fromEnvironment('PROCSEEK_ADDON');
  const isCompiledRefused = fromEnvironment('PREBUILDS_ONLY');
  // Who names one wants that one: another would hide that it cannot be loaded.
  if (given) return yield fileAt(resolve(given));
  if (here !== undefined && !isCompiledRefused) yield* compiled(dirname(here)).map(fileAt);
  const prebuild = prebuildName();
  const path = here && join(here, '../prebuilds', prebuild);
  if (path !== undefined) yield fileAt(path);
  const isUnbundled = path !== undefined && isThere(path);
  if (!own.loadsUnseen || !isUnbundled) yield* taken(prebuild);
  yield* beside(prebuild).map(fileAt);
  if (here === undefined) return;
  // Searching would take a third of the time that loading takes: it is done only without success.
  const { createRequire } = nodeModule; // webpack replaces one that is imported by its name
  const requireFrom = createRequire(join(here, 'index.js'));
  yield* installed(requireFrom, prebuild).map(fileAt);
  yield* searched(requireFrom, dirname(here)).map(fileAt);
}

function fileAt(path: string): Candidate {
  return { path, load: () => open(path) };
}

/** By node-gyp, run in the repository or in the folder `native` of the package. */
function compiled(directory: string): string[] {
  return [join(directory, 'build'), join(directory, 'native/build')]
    .filter((build) => isThere(build))
    .flatMap((build) => ['Release', 'Debug'].map((kind) => join(build, kind, 'procseek.node')))
    .filter((path) => isThere(path));
}

/** Node.js's permission model has existsSync() throw where nothing may be read. */
function isThere(path: string, ifDenied = false): boolean {
  try {
    return existsSync(path);
  } catch {
    return ifDenied;
  }
}

function prebuildName(): string {
  const version = process.config.variables as { arm_version?: string | number };
  // Older processors must not meet instructions that they do not have.
  const isTagged = process.arch === 'arm' && version.arm_version !== undefined;
  const tag = isTagged ? `.armv${version.arm_version}` : '';
  return `${process.platform}-${process.arch}/procseek${tag}.node`;
}

/** What a bundler saw and took along, wherever it put it. */
function* taken(prebuild: string): Generator<Candidate> {
  const take = own.prebuilds[prebuild];
  if (take === undefined) return;
  const load = () => {
    const addon = take();
    return typeof addon === 'string' ? open(addon) : checked(addon);
  };
  yield { path: `prebuilds/${prebuild} of the bundle`, load };
}

/** Copied to a bundle, or to a program that has one inside: beside it, or beside its folder. */
function beside(prebuild: string): string[] {
  const folders = [here, dirname(process.execPath)].filter((folder) => folder !== undefined);
  const places = folders.flatMap((folder) => [folder, dirname(folder)]);
  const paths = places.map((place) => join(place, 'prebuilds', prebuild));
  return paths.filter((path) => isThere(path, true)); // that it is denied has to be told
}

/** In the package, where a bundle can reach it. */
function installed(requireFrom: NodeJS.Require, prebuild: string): string[] {
  try {
    return [join(dirname(requireFrom.resolve('procseek/package.json')), 'prebuilds', prebuild)];
  } catch {
    return [];
  }
}

/** What node-gyp-build finds by the tags of the files' names. */
function searched(requireFrom: NodeJS.Require, directory: string): string[] {
  try {
    const nodeGypBuild: { resolve(directory: string): string } = requireFrom('node-gyp-build');
    const path = nodeGypBuild.resolve(directory);
    return basename(path).startsWith('procseek.') ? [path] : []; // other packages' files lie there too
  } catch {
    return [];
  }
}

/** Looks at the file first: to load a foreign one would be to run it. */
function open(path: string): unknown {
  const file = readFileSync(path);
  if (process.platform === 'linux' && isCutElf(file)) throw new Error('the file is incomplete');
  if (sourceHash !== undefined && !file.includes(sourceHash)) throw foreign();
  const addon: { exports: unknown } = { exports: {} };
  process.dlopen(addon, path);
  return checked(addon.exports);
}

function checked(addon: unknown): unknown {
  if (typeof addon !== 'object' || addon === null) throw foreign();
  const { sourceHash: hash, fields, lookupSync } = addon as Record<string, unknown>;
  const isNamed = typeof hash === 'string' && (sourceHash === undefined || hash === sourceHash);
  if (!isNamed || !Array.isArray(fields) || typeof lookupSync !== 'function') throw foreign();
  return addon;
}

function foreign(): Error {
  return new Error('this is not the addon of this version of procseek');
}
