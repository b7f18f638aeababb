/** A host without /proc cannot answer, and says so: it does not answer that nothing is running. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { needing, system } from '../support/system.js';
import { load, resultOf } from './support.js';

/** Runs in a mount namespace of its own, after a command that takes /proc away. */
function withoutProc(command: string): string[] {
  return ['unshare', '--mount', 'sh', '-c', `${command} && exec "$@"`, 'sh'];
}

const hosts = {
  'not mounted': withoutProc('umount -l /proc'),
  'something else': withoutProc('mount -t tmpfs none /proc'),
};

const questions: Record<string, string> = {
  'findByPid of this process': 'procseek.findByPid(process.pid)',
  'findByPid of a link': "procseek.findByPid(process.pid, { fields: ['exe'] })",
  'findByPid of several files': "procseek.findByPid(1, { fields: ['uid', 'io', 'cwd', 'ppid'] })",
  findByPidSync: 'procseek.findByPidSync(process.pid)',
  isRunning: 'procseek.isRunning(known)',
  findByName: "procseek.findByName('node')",
  'findByName of a RegExp': 'procseek.findByName(/./)',
  'findByName by exe': "procseek.findByName('node', { by: 'exe' })",
  findByNameSync: "procseek.findByNameSync('node')",
  findOneByName: "procseek.findOneByName('node')",
  findOneByNameSync: "procseek.findOneByNameSync('node')",
  scan: 'collect(procseek.scan())',
  'scan for PIDs alone': 'collect(procseek.scan({}, { fields: [] }))',
  'scan of given PIDs': 'collect(procseek.scan({ pids: [process.pid] }))',
  'scan in batches': 'collect(procseek.scan().batches())',
  scanSync: 'collect(procseek.scanSync())',
  'scanSync of given PIDs': 'collect(procseek.scanSync({ pids: [process.pid] }))',
  children: 'procseek.children(process.ppid)',
  'children of PID 0': 'procseek.children(0)',
  'children of children': 'procseek.children(process.pid, { recursive: true })',
};

const script = `${load}
  const known = { pid: process.pid, id: 'x' };
  async function collect(rows) {
    const found = [];
    for await (const row of rows) found.push(row);
    return found;
  }
  async function attempt(ask) {
    try { return { answer: (await ask()) ?? 'undefined' }; } catch ({ name, code, errno, syscall }) {
      return { name, code, errno, syscall };
    }
  }
  (async () => {
    const results = {
      ${Object.entries(questions)
        .map(([name, ask]) => `${JSON.stringify(name)}: await attempt(async () => ${ask})`)
        .join(',\n')}
    };
    const dead = await attempt(() => procseek.findByPid(2 ** 31 - 1));
    const exists = [process.pid, 1, 2 ** 31 - 1].map((pid) => procseek.exists(pid));
    console.log(JSON.stringify({ results, dead, exists }));
  })();`;

interface Results {
  results: Record<string, unknown>;
  dead: { answer: string };
  exists: boolean[];
}

describe.each(Object.entries(hosts))('where /proc is %s', (_, wrapper) => {
  let seen: Results;

  beforeEach(needing('namespaces'));

  beforeAll(async () => {
    if (system.lacks.namespaces !== undefined) return;
    seen = await resultOf(script, { wrapper });
  });

  it.each(Object.keys(questions))('%s fails with ENOENT', (question) => {
    expect(seen.results[question]).toEqual({
      name: 'ProcessError',
      code: 'ENOENT',
      errno: -2,
      syscall: expect.stringMatching(/^(openat|getdents64|readlinkat)$/),
    });
  });

  it('exists() is right all the same', () => {
    expect(seen.exists).toEqual([true, true, false]);
  });

  it('a process that the kernel does not know is not there', () => {
    expect(seen.dead).toEqual({ answer: 'undefined' });
  });
});
