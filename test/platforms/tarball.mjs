/** The package as its users get it, in the runtime of a cell: packed, installed, and asked. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { output, run } from '../../scripts/run.mjs';

/** What a user of it would write; the answer goes to the file that is given. */
const program = `const { findByNameSync, findByPidSync, scanSync } = require('procseek');
const isSelf = ({ pid }) => pid === process.pid;
const self = findByPidSync(process.pid);
const { name } = [...scanSync()].find(isSelf);
const isFound = isSelf(self) && findByNameSync(name).some(isSelf);
const isSearched = Object.keys(require.cache).some((path) => path.includes('node-gyp-build'));
const told = { isFound, isSearched, self, name };
require('node:fs').writeFileSync(process.argv[2], JSON.stringify(told));
`;

/** An empty project with nothing but the tarball installed, without any script being run. */
export function installTarball() {
  // Elsewhere: what lies in the package's own folder may be taken for the package.
  const directory = mkdtempSync(join(tmpdir(), 'procseek-installed-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  output('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory]);
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  writeFileSync(join(directory, 'package.json'), '{ "private": true }');
  writeFileSync(join(directory, 'look.cjs'), program);
  const quiet = ['--silent', '--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', ...quiet, `./${tarball}`], { cwd: directory });
  return join(directory, 'look.cjs');
}

/**
 * Undefined when the runtime found itself, by its PID and by its name, with the addon from where it is
 * as a rule.
 */
export function complaintOf({ command, env }, script) {
  const answer = join(dirname(script), 'answer.json');
  writeFileSync(answer, '');
  const [file, ...args] = [...command, script, answer];
  const { error, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  try {
    const told = JSON.parse(readFileSync(answer, 'utf8'));
    return told.isFound && !told.isSearched ? undefined : `was told ${JSON.stringify(told)}`;
  } catch {
    return `${error ?? ''}${stdout}${stderr}`;
  }
}
