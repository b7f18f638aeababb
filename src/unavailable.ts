/** What to tell, and to advise, where there is no native addon to be loaded. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A place that the addon could not be loaded from, and why. */
export interface Failure {
  readonly path: string;
  readonly error: unknown;
}

/** Undefined also where Deno does not let it be read. */
export function fromEnvironment(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

/** `here` is the folder of the code, if that is known. */
export function unavailable(here: string | undefined, failures: readonly Failure[]): Error {
  const [cause] = failures.map(({ error }) => error);
  const error = new Error(explanation(here, failures), { cause });
  return Object.assign(error, { code: 'ERR_ADDON_UNAVAILABLE' });
}

function explanation(here: string | undefined, failures: readonly Failure[]): string {
  const host = [`${process.platform}-${process.arch}`, libc(), armVersion()].filter(Boolean);
  return [
    `procseek has no native addon that this host can load (${host.join(', ')}, Node.js ${process.versions.node}).`,
    '  Tried:',
    ...failures.map(({ path, error }) => `    ${path}: ${reasonOf(path, error)}`),
    ...remedies(here, failures),
  ].join('\n');
}

function remedies(here: string | undefined, failures: readonly Failure[]): string[] {
  if (failures.some(({ error }) => codeOf(error) === 'ERR_DLOPEN_DISABLED')) {
    return [
      '  Node.js was started with --permission or --no-addons: give --allow-addons, or leave --no-addons out.',
    ];
  }
  const denied = failures.filter(({ error }) => codeOf(error) === 'ERR_ACCESS_DENIED');
  if (denied.length > 0) {
    const folders = new Set(denied.map(({ path }) => JSON.stringify(dirname(dirname(path)))));
    return [
      '  Node.js was started with --permission: give --allow-addons, and --allow-fs-read=FOLDER with the',
      `  one of these that the addon is in: ${[...folders].join(', ')}`,
    ];
  }
  if (failures.some(({ error }) => error instanceof Error && error.name === 'NotCapable')) {
    return [
      '  Deno lets programs load addons by --allow-ffi, and the files of a bundle by --allow-read too.',
    ];
  }
  if (fromEnvironment('PROCSEEK_ADDON')) {
    return ['  That is what PROCSEEK_ADDON says: without it, the places are tried that are usual.'];
  }
  const isPackage = here !== undefined && existsSync(join(here, '../native'));
  return isPackage ? forPackage(dirname(here)) : forBundles(here);
}

function forPackage(directory: string): string[] {
  const platforms = list(join(directory, 'prebuilds'));
  const native = JSON.stringify(join(directory, 'native'));
  return [
    `  The package has some for: ${platforms.join(', ') || 'no platform; is it installed completely?'}`,
    `  To compile one, with a C++ compiler, make and Python: npx node-gyp rebuild --directory ${native}`,
  ];
}

/** Of each tool the line that leaves the package out, as docs/bundlers.md has it. */
const externals = [
  ['esbuild', '--external:procseek'],
  ['tsup, Bun', '--external procseek'],
  ['webpack', "externals: { procseek: 'node-commonjs procseek' }"],
  ['Rollup, rolldown', "external: ['procseek']"],
  ['Vite', "ssr: { external: ['procseek'] }"],
  ['Next.js', "serverExternalPackages: ['procseek']"],
  ['ncc', '--external procseek'],
];

function forBundles(here: string | undefined): string[] {
  // There are bundlers whose code is told a folder that is on no disk.
  const isPlaced = here !== undefined && existsSync(here);
  const copying = `cp -r node_modules/procseek/prebuilds ${JSON.stringify(here)}`;
  return [
    '  It was bundled: the code is here, and its addons, which are files, are not. One of these helps:',
    ...(isPlaced ? [`    Copy them beside the code: ${copying}`] : []),
    '    Leave procseek out of the bundle, and ship node_modules/procseek with it:',
    ...externals.map(([tool = '', line]) => `      ${tool.padEnd(18)}${line}`),
    '    Tell where one is: PROCSEEK_ADDON=/path/to/procseek.node',
  ];
}

/** The last one where a bundle in the format of CommonJS has no `import.meta.url`. */
const absent: readonly unknown[] = ['ENOENT', 'MODULE_NOT_FOUND', 'ERR_INVALID_URL'];

/** In one line, without the path that stands before it. */
function reasonOf(path: string, error: unknown): string {
  if (absent.includes(codeOf(error))) return 'there is no such file';
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

/** Of the Node.js that runs this. */
function libc(): string {
  if (process.platform !== 'linux') return '';
  try {
    const report = process.report?.getReport() as
      | { header?: { glibcVersionRuntime?: string } }
      | undefined;
    const version = report?.header?.glibcVersionRuntime;
    return version === undefined ? 'musl or another libc' : `glibc ${version}`;
  } catch {
    return ''; // Deno asks for a permission
  }
}

function armVersion(): string {
  const { arm_version: version } = process.config.variables as { arm_version?: string | number };
  return process.arch === 'arm' && version !== undefined ? `ARMv${version}` : '';
}
