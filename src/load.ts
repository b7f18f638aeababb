/** Finding and loading the native addon, or explaining what to do where there is none. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isCutElf } from './elf.js';

/** A file that could not be loaded, and why. */
interface Failure {
  readonly path: string;
  readonly error: unknown;
}

/**
 * Loads the addon of the package in this directory: the one that was compiled there if it can be
 * loaded, else the prebuilt one. `prebuilds` is a parameter of its own because tools that trace
 * which files a program needs recognise the path only where it is written out.
 */
export function loadAddon(directory: string, prebuilds: string): unknown {
  const failures: Failure[] = [];
  for (const path of candidates(directory, prebuilds)) {
    if (failures.some((failure) => failure.path === path)) continue;
    try {
      return open(path);
    } catch (error) {
      failures.push({ path, error });
    }
  }
  throw unavailable(directory, failures);
}

/** Where the addon may be, the best place first. */
function* candidates(directory: string, prebuilds: string): Generator<string> {
  const { PREBUILDS_ONLY: isCompiledRefused } = process.env; // of node-gyp-build
  if (!isCompiledRefused) yield* compiled(directory);
  yield prebuilt(prebuilds);
  // A search would take a third of the time that loading takes: it is made only without success.
  yield* searched(directory);
}

/** By node-gyp, run in the repository or in the folder `native` of the package. */
function compiled(directory: string): string[] {
  return [join(directory, 'build'), join(directory, 'native/build')]
    .filter((build) => existsSync(build))
    .flatMap((build) => ['Release', 'Debug'].map((kind) => join(build, kind, 'procseek.node')))
    .filter((path) => existsSync(path));
}

function prebuilt(prebuilds: string): string {
  const version = armVersion(); // older processors must not meet instructions that they do not have
  const file = version === '' ? 'procseek.node' : `procseek.${version.toLowerCase()}.node`;
  return join(prebuilds, target(), file);
}

/** What node-gyp-build finds by the tags of the files' names, also beside the executable. */
function searched(directory: string): string[] {
  try {
    const nodeGypBuild = require('node-gyp-build') as { resolve(directory: string): string };
    const path = nodeGypBuild.resolve(directory);
    return basename(path).startsWith('procseek.') ? [path] : []; // other packages' files lie there too
  } catch {
    return [];
  }
}

function open(path: string): unknown {
  if (process.platform === 'linux' && isCutElf(path)) throw new Error('the file is incomplete');
  const addon: { exports: unknown } = { exports: {} };
  process.dlopen(addon, path);
  if (!isOurs(addon.exports)) throw new Error('this is not the addon of procseek');
  return addon.exports;
}

function isOurs(exports: unknown): boolean {
  if (typeof exports !== 'object' || exports === null) return false;
  const { sourceHash, fields, lookupSync } = exports as Record<string, unknown>;
  const isNamed = typeof sourceHash === 'string' && Array.isArray(fields);
  return isNamed && typeof lookupSync === 'function';
}

function unavailable(directory: string, failures: readonly Failure[]): Error {
  const [cause] = failures.map(({ error }) => error);
  const error = new Error(explanation(directory, failures), { cause });
  return Object.assign(error, { code: 'ERR_ADDON_UNAVAILABLE' });
}

function explanation(directory: string, failures: readonly Failure[]): string {
  const host = [target(), libc(), armVersion()].filter(Boolean).join(', ');
  const prebuilds = list(join(directory, 'prebuilds'));
  const tried = failures.map(({ path, error }) => `    ${path}: ${reasonOf(path, error)}`);
  return [
    `procseek has no native addon that this host can load (${host}, Node.js ${process.versions.node}).`,
    `  The package has some for: ${prebuilds.join(', ') || 'no platform; was it bundled without its files?'}`,
    '  Tried:',
    ...tried,
    ...remedies(directory, failures),
  ].join('\n');
}

function remedies(directory: string, failures: readonly Failure[]): string[] {
  if (failures.some(({ error }) => codeOf(error) === 'ERR_DLOPEN_DISABLED')) {
    return [
      '  Node.js was started with --permission or --no-addons: give --allow-addons, or leave --no-addons out.',
    ];
  }
  const native = join(directory, 'native');
  const compiling = `npx node-gyp rebuild --directory ${JSON.stringify(native)}`;
  return [
    ...(existsSync(native)
      ? [`  To compile one, with a C++ compiler, make and Python: ${compiling}`]
      : []),
    '  Bundlers have to leave procseek out (esbuild: --external:procseek).',
  ];
}

/** In one line, without the path that stands before it. */
function reasonOf(path: string, error: unknown): string {
  if (!existsSync(path)) return 'there is no such file';
  const message = error instanceof Error ? error.message : String(error);
  return (message.trim().split('\n')[0] ?? '').replace(`${path}: `, '');
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => !name.includes('.'));
  } catch {
    return [];
  }
}

function target(): string {
  return `${process.platform}-${process.arch}`;
}

/** Of the Node.js that runs this. */
function libc(): string {
  if (process.platform !== 'linux') return '';
  const report = process.report?.getReport() as
    | { header?: { glibcVersionRuntime?: string } }
    | undefined;
  const version = report?.header?.glibcVersionRuntime;
  return version === undefined ? 'musl or another libc' : `glibc ${version}`;
}

function armVersion(): string {
  const { arm_version: version } = process.config.variables as { arm_version?: string | number };
  return process.arch === 'arm' && version !== undefined ? `ARMv${version}` : '';
}
