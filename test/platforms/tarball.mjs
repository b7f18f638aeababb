/** The package as its users get it, in the runtime of a cell: packed, installed, and asked. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, output, root, run } from '../../scripts/run.mjs';

/** What a user of it would write; the answer goes to the file that is given. */
const program = `const { findByNameSync, findByPidSync } = require('procseek');
const self = findByPidSync(process.pid, { fields: ['name', 'id'] });
const isFound = findByNameSync(self.name).some(({ pid }) => pid === self.pid);
require('node:fs').writeFileSync(process.argv[2], JSON.stringify({ pid: process.pid, self, isFound }));
`;

/** An empty project with nothing but the tarball installed, without any script being run. */
export function installTarball(directory) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  output('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory]);
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  writeFileSync(join(directory, 'package.json'), '{ "private": true }');
  writeFileSync(join(directory, 'look.cjs'), program);
  const quiet = ['--silent', '--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', ...quiet, `./${tarball}`], { cwd: directory });
  return join(directory, 'look.cjs');
}

/** Undefined when the runtime found itself, by its PID and by its name. */
export function complaintOf({ command, env }, script) {
  const answer = inRoot('.cache/platforms/answer.json');
  writeFileSync(answer, '');
  const [file, ...args] = [...command, script, answer];
  const { error, stdout, stderr } = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  try {
    const { pid, self, isFound } = JSON.parse(readFileSync(answer, 'utf8'));
    return self.pid === pid && isFound ? undefined : `was told ${JSON.stringify(self)}`;
  } catch {
    return `${error ?? ''}${stdout}${stderr}`;
  }
}
