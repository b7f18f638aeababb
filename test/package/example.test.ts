/** The example agent, run as its reader would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { launchProgram, makeProgram, scratchDirectory, uniqueName } from '../support/programs.js';
import { root } from './installed.js';

const directory = scratchDirectory();

function startAgent(name: string): ChildProcess {
  const agent = spawn(process.execPath, ['examples/agent.mjs', name], {
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
  const agent = startAgent(name);
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
