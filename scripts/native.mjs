// Compiles the addon for this machine, by node-gyp.
//
//   node scripts/native.mjs rebuild    build/Release
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { dispatch, inRoot, runQuietly } from './run.mjs';

const built = 'build/Release/procseek.node';

export function rebuild() {
  const gyp = 'node_modules/node-gyp/bin/node-gyp.js';
  runQuietly(process.execPath, [gyp, 'rebuild'], { env: headers() });
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

/** Whether there is a prebuild of these sources for a machine; its name may have a processor in it. */
export function hasPrebuild(platform = process.platform, arch = process.arch) {
  const folder = `prebuilds/${platform}-${arch}`;
  if (!existsSync(inRoot(folder))) return false;
  return readdirSync(inRoot(folder)).some((name) => isMadeFromSources(`${folder}/${name}`));
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

await dispatch(import.meta.url, { rebuild });
