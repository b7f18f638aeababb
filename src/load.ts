/** Loading the native addon, or telling what to do where that is impossible. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

type NodeGypBuild = (directory: string) => unknown;

/**
 * The addon of the package in this directory: compiled there, else prebuilt, in a directory whose
 * path has to be told apart, for tracers of what a program needs to find it.
 */
export function loadAddon(directory: string, prebuilds: string): unknown {
  const isCompiled = existsSync(join(directory, 'build'));
  return (isCompiled ? undefined : prebuilt(prebuilds)) ?? found(directory);
}

/** Where it is as a rule. To search for it would take a third of the time that loading takes. */
function prebuilt(prebuilds: string): unknown {
  const { platform, arch } = process;
  const version = armVersion(); // older processors must not meet instructions that they do not have
  const file = version === '' ? 'procseek.node' : `procseek.${version.toLowerCase()}.node`;
  const addon: { exports: unknown } = { exports: {} };
  try {
    process.dlopen(addon, join(prebuilds, `${platform}-${arch}`, file));
  } catch {
    return undefined;
  }
  return addon.exports;
}

function found(directory: string): unknown {
  try {
    // Only here, for the same reason.
    const nodeGypBuild = require('node-gyp-build') as NodeGypBuild;
    return nodeGypBuild(directory);
  } catch (cause) {
    const error = new Error(explanation(directory, cause), { cause });
    throw Object.assign(error, { code: 'ERR_ADDON_UNAVAILABLE' });
  }
}

function explanation(directory: string, cause: unknown): string {
  const { platform, arch } = process;
  const target = `${platform}-${arch}`;
  const prebuilds = join(directory, 'prebuilds');
  const host = [target, libc(), armVersion()].filter(Boolean).join(', ');
  const tried = [join(directory, 'build/Release'), join(prebuilds, target), process.execPath];
  const { message } = cause instanceof Error ? cause : { message: String(cause) };
  return `procseek has no native addon that this host can load (${host}, Node.js ${process.versions.node}).
  The package has some for: ${list(prebuilds).join(', ') || 'no platform; was it bundled without its files?'}
  Tried: ${tried.join(', ')} (beside it)
  Failed with: ${message.trim().split('\n')[0]}
  To compile one, with a C++ compiler, make and Python: cd ${JSON.stringify(directory)} && npx node-gyp rebuild
  Bundlers have to leave procseek out (esbuild: --external:procseek).`;
}

function list(prebuilds: string): string[] {
  try {
    return readdirSync(prebuilds).filter((name) => !name.includes('.'));
  } catch {
    return [];
  }
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
