// Builds the addon.
//
//   node scripts/native.mjs rebuild    build/Release, for this machine
//   node scripts/native.mjs prebuild   prebuilds/<this platform>, to be committed
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { dispatch, inRoot, run } from './run.mjs';

/** What there are prebuilds for, with `objdump`'s word for the machine. */
export const targets = {
  'linux-x64': { machine: 'i386:x86-64' },
};

const built = 'build/Release/procseek.node';

export function prebuildOf(target) {
  return `prebuilds/${target}/procseek.node`;
}

export function rebuild() {
  run(process.execPath, ['node_modules/node-gyp/bin/node-gyp.js', 'rebuild'], { env: headers() });
}

function prebuild() {
  const target = `${process.platform}-${process.arch}`;
  if (!Object.hasOwn(targets, target)) throw new Error(`scripts/native.mjs has no ${target}`);
  const version = `--target=${process.versions.node}`;
  const options = ['--napi', '--strip', '--cache=.cache/prebuildify', version];
  run(process.execPath, ['node_modules/prebuildify/bin.js', ...options], { env: headers() });
  if (!isMadeFromSources(prebuildOf(target))) throw new Error(`${prebuildOf(target)} is missing`);
}

/** The headers of the Node.js that runs this, if it came with them; else node-gyp downloads some. */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {};
}

/** The hash is in a file's bytes: found on any platform, without loading it. */
export function isMadeFromSources(file) {
  const { sourceHash } = createRequire(import.meta.url)('../native/source_hash.js');
  return existsSync(inRoot(file)) && readFileSync(inRoot(file)).includes(sourceHash());
}

export function isBuilt() {
  return existsSync(inRoot(built));
}

export function isFresh() {
  return isMadeFromSources(built);
}

export function discard() {
  rmSync(inRoot(built), { force: true });
}

await dispatch(import.meta.url, { rebuild, prebuild });
