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
    say(messageOf(error));
    process.exitCode = 1;
  }
}

export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** Tells how a script gets on, on standard error: its results go to standard output. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs a program in the package's directory, its output shown; throws unless it succeeds. */
export function run(command, args, options = {}) {
  finish(command, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Does what run() does, and shows the program's output only when the program fails. */
export function runQuietly(command, args, options = {}) {
  finish(command, args, { ...options, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

function finish(command, args, { env = {}, cwd = root, ...options }) {
  const ended = spawnSync(command, args, { ...options, cwd, env: { ...process.env, ...env } });
  if (ended.error) throw ended.error;
  if (ended.status === 0) return;
  process.stderr.write(`${ended.stdout ?? ''}${ended.stderr ?? ''}`);
  throw new Error(`${command} ${args.join(' ')} ended with ${ended.status ?? ended.signal}`);
}

/** Does what run() does, and lets other programs run meanwhile. */
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
