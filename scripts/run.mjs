/** Child processes and paths, as all scripts need them. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export function inRoot(...path) {
  return join(root, ...path);
}

/** Runs the command that the first argument names, if this file was started and not imported. */
export async function dispatch(url, commands) {
  const [, script, name] = process.argv;
  if (script === undefined || fileURLToPath(url) !== realpathSync(script)) return;
  try {
    if (!Object.hasOwn(commands, name)) {
      throw new Error(`Give one of: ${Object.keys(commands).join(', ')}`);
    }
    await commands[name]();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}

/** Runs a program in the package's directory, its output shown; throws unless it succeeds. */
export function run(command, args, { env = {}, cwd = root } = {}) {
  const { error, status, signal } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}`);
}

/** The same, while others run. */
export async function runAside(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const [status, signal] = await once(child, 'exit');
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}`);
}

/** What a program prints. */
export function output(command, args, input = '') {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    input,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stderr}`);
  return stdout;
}

/** Whether a program is there and succeeds. */
export function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
