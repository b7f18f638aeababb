/** The example agent and the README's, run as their readers would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { launchProgram, makeProgram, scratchDirectory, uniqueName } from '../support/programs.js';
import { root } from './installed.js';

const directory = scratchDirectory();

/** `args` are those of Node.js. */
function startAgent(args: readonly string[]): ChildProcess {
  const agent = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    agent.kill('SIGKILL');
  });
  return agent;
}

it('examples/agent.mjs tells what runs, what comes up and what goes down', async () => {
  const name = uniqueName(18);
  const path = makeProgram(directory, name);
  const first = await launchProgram(path);
  onTestFinished(() => first.stop());
  const agent = startAgent(['examples/agent.mjs', name]);
  const lines = createInterface({ input: agent.stdout ?? process.stdin })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  expect(await next()).toMatchObject({ event: 'up', pid: first.pid, existing: true });
  expect(await next()).toMatchObject({ event: 'ready', running: 1 });
  const second = await launchProgram(path);
  onTestFinished(() => second.stop());
  expect(await next()).toMatchObject({ event: 'up', pid: second.pid, existing: false });
  first.signal('SIGKILL');
  expect(await next()).toMatchObject({ event: 'down', pid: first.pid, signal: 'SIGKILL' });
  agent.kill('SIGTERM');
  expect(await next()).toMatchObject({ event: 'stop', running: [second.pid] });
  const [code] = await once(agent, 'exit');
  expect(code).toBe(0);
});

it('the loop over a watch in the README ends without an error', async () => {
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs);
  const [example = ''] = [...blocks]
    .map(([, code = '']) => code)
    .filter((code) => code.includes("watch('postgres')"));
  expect(example).toContain('for await');
  const name = uniqueName(18);
  const path = makeProgram(directory, name);
  const program = await launchProgram(path);
  onTestFinished(() => program.stop());
  const code = example.replace("'postgres'", JSON.stringify(name));
  const agent = startAgent(['--input-type=module', '--eval', code]);
  const lines = createInterface({ input: agent.stdout ?? process.stdin })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe(`start ${program.pid}`);
  program.signal('SIGKILL');
  expect((await lines.next()).value).toBe(`down ${program.pid} SIGKILL`);
  agent.kill('SIGTERM');
  expect(await once(agent, 'exit')).toEqual([0, null]);
});
