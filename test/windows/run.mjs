// Runs the tests of this folder under Wine, by a Windows build of Node.js.
//
//   node test/windows/run.mjs <path of node.exe> [<path of target.exe>]
//
// WINE is the path of wine64; else it is looked for where Debian's packages put it. Without a
// target, one is compiled. Its own streams Node.js cannot use there: they go to a file.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleLibrary, bundleTests } from '../platforms/bundle.mjs';
import { runSuite } from '../platforms/suite.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const output = join(here, '../../.cache/windows');
const wine = process.env.WINE ?? '/usr/lib/wine/wine64';
const [node, given] = process.argv.slice(2);
const prefix = process.env.WINEPREFIX ?? join(output, 'prefix');
const env = { ...process.env, WINEPREFIX: prefix, WINEDEBUG: process.env.WINEDEBUG ?? '-all' };

if (node === undefined) throw new Error('usage: node test/windows/run.mjs <path of node.exe>');

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'ignore', env });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${error ?? `ended with ${status}`}`);
}

function compileTarget() {
  const target = join(output, 'target.exe');
  const flags = ['-O1', '-Wall', '-Wextra', '-Werror', join(here, 'support/target.c')];
  run('x86_64-w64-mingw32-gcc-posix', [...flags, '-ladvapi32', '-o', target]);
  return target;
}

function prepareWine() {
  const settings = join(output, 'version.reg');
  const key = '[HKEY_CURRENT_USER\\Software\\Wine]';
  writeFileSync(settings, `REGEDIT4\r\n\r\n${key}\r\n"Version"="win10"\r\n`);
  run(wine, ['regedit', '/S', `Z:${settings.replaceAll('/', '\\')}`]);
}

mkdirSync(output, { recursive: true });
const target = given ?? compileTarget();
prepareWine();
const files = readdirSync(here).filter((name) => name.endsWith('.ts'));
const suite = await bundleTests(
  files.map((name) => join(here, name)),
  join(output, 'suite'),
);
const library = await bundleLibrary(join(output, 'suite/procseek.cjs'));
const log = join(output, 'output.txt');
const command = ['sh', '-c', `exec "$0" "$@" >>"${log}" 2>&1 </dev/null`, wine, node];
const runtime = { command, env: { ...env, PROCSEEK_TEST_TARGET: target } };
const { passed, failures, skipped } = await runSuite(
  runtime,
  { ...suite, library },
  60_000,
  join(output, 'reports'),
);
for (const { name, message } of failures)
  process.stdout.write(`FAILED ${name}\n${message.replace(/^/gm, '  ')}\n`);
process.stdout.write(`${passed} passed, ${failures.length} failed, ${skipped.length} skipped\n`);
process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;
