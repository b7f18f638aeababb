/** A neighbour that whoever asks too much of it waits for, for ever. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scratchDirectory, uniqueName } from '../support/programs.js';
import { isRoot, onlyIf } from '../support/requirements.js';
import { hasCompiler } from '../unit/native_program.js';
import { resultOf, root, runScript } from './support.js';

const scratch = scratchDirectory();
const program = join(scratch, 'stuck');

/** What a FUSE file system of one's own takes. */
const isPossible = isRoot && existsSync('/dev/fuse') && hasCompiler;

interface Stuck {
  readonly pid: number;
  end(): Promise<void>;
}

async function startStuck(kind: 'lock' | 'exe', name: string): Promise<Stuck> {
  const directory = mkdtempSync(join(tmpdir(), 'procseek-test-'));
  const launcher = ['--pdeathsig', 'KILL', '--', program, kind, name, directory];
  const child = spawn('/usr/bin/setpriv', launcher, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    exit.then(() => Promise.reject(new Error('the program has ended'))),
  ]);
  return {
    pid: Number(String(line)),
    async end() {
      child.stdin.end();
      await exit;
      rmdirSync(directory);
    },
  };
}

/** A library in a process of its own: one that hangs must not hang the tests. */
const load = `const procseek = require(${JSON.stringify(join(root, 'dist/index.js'))});`;
const options = { timeout: 30_000 };

beforeAll(() => {
  if (!isPossible) return;
  const source = join(root, 'test/support/linux/stuck.c');
  execFileSync('cc', ['-O1', '-pthread', '-o', program, source]);
});

describe(
  'Where the lock of a memory map is held for good',
  onlyIf(isPossible, 'needs root, FUSE and a compiler'),
  () => {
    const name = uniqueName(15);
    let stuck: Stuck;
    beforeAll(async () => {
      stuck = await startStuck('lock', name);
    });
    afterAll(() => stuck?.end());

    test('the process is told, synchronously, with what takes the lock withheld', async () => {
      const told = await resultOf<unknown[]>(
        `${load}
const fields = ['name', 'cmdline', 'environ', 'ppid'];
const scanned = [...procseek.scanSync({}, { fields })];
console.log(JSON.stringify([
  procseek.findByPidSync(${stuck.pid}).name,
  procseek.findByPidSync(${stuck.pid}, { fields: ['cmdline', 'environ', 'uid'] }),
  procseek.findByNameSync(${JSON.stringify(name)}).map(({ pid }) => pid),
  scanned.find(({ pid }) => pid === ${stuck.pid}).cmdline,
  scanned.find(({ pid }) => pid === process.pid).cmdline.length > 0,
]));`,
        options,
      );
      expect(told).toEqual([
        name,
        { pid: stuck.pid, cmdline: null, environ: null, uid: 0 },
        [stuck.pid],
        null,
        true,
      ]);
    });

    test('asynchronous lookups, files and name service go on, and the program ends', async () => {
      const told = await resultOf<unknown[]>(
        `${load}
const fs = require('node:fs/promises');
const asked = Array.from({ length: 8 }, () =>
  procseek.findByPid(${stuck.pid}, { fields: ['cmdline'], signal: AbortSignal.timeout(20_000) }));
(async () => {
  const any = procseek.findByName('no such ' + 'process', { by: 'cmdline', fields: [] });
  const own = await procseek.findByPid(process.pid, { fields: ['cmdline'] });
  const file = await fs.readFile('/proc/self/comm', 'utf8');
  const found = await Promise.all(asked);
  console.log(JSON.stringify([
    own.cmdline.length > 0, file.length > 0, (await any).length,
    found.every((one) => one.cmdline === null),
  ]));
  process.exit();
})();`,
        options,
      );
      expect(told).toEqual([true, true, 0, true]);
    });

    test('an aborted lookup rejects at once, and the program ends', async () => {
      const { code, signal, stdout } = await runScript(
        `${load}
const asked = procseek.findByPid(${stuck.pid}, { fields: ['environ'], signal: AbortSignal.timeout(1) });
asked.catch((error) => { console.log(error.name); process.exit(); });`,
        options,
      );
      expect({ code, signal, stdout }).toEqual({ code: 0, signal: null, stdout: 'TimeoutError\n' });
    });

    test('a watch of it does not keep others waiting', async () => {
      const told = await resultOf<unknown[]>(
        `${load}
(async () => {
  const one = procseek.watch(${JSON.stringify(name)}, { fields: ['cmdline'] });
  const other = procseek.watch(/node/);
  await Promise.all([one.ready, other.ready]);
  console.log(JSON.stringify([[...one.processes.keys()], other.processes.has(process.pid)]));
  process.exit();
})();`,
        options,
      );
      expect(told).toEqual([[stuck.pid], true]);
    });

    test('a terminated worker ends, and the addon can be loaded again', async () => {
      const { code, signal, stderr } = await runScript(
        `const { Worker } = require('node:worker_threads');
const code = ${JSON.stringify(load)} +
  'procseek.findByPid(${stuck.pid}, { fields: ["cmdline"] }).then((one) => require("node:worker_threads").parentPort.postMessage(one.cmdline));';
(async () => {
  for (let i = 0; i < 4; i++) {
    const worker = new Worker(code, { eval: true });
    if (i % 2 === 0) await new Promise((resolve) => worker.once('message', resolve));
    else await new Promise((resolve) => worker.once('online', resolve));
    await worker.terminate();
  }
  ${load}
  procseek.findByPidSync(process.pid);
  process.exit();
})();`,
        options,
      );
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    });
  },
);

describe(
  'Where the executable is a file that nobody answers for',
  onlyIf(isPossible, 'needs root, FUSE and a compiler'),
  () => {
    let stuck: Stuck;
    beforeAll(async () => {
      stuck = await startStuck('exe', 'MainThread');
    });
    afterAll(() => stuck?.end());

    test('nobody waits for it, and its path is told', async () => {
      const told = await resultOf<unknown[]>(
        `${load}
(async () => {
  const fields = ['name', 'exe'];
  const sync = procseek.findByPidSync(${stuck.pid}, { fields });
  const found = procseek.findByNameSync('no such process').length;
  const scanned = [...procseek.scanSync({}, { fields })].some(({ pid }) => pid === ${stuck.pid});
  const same = await procseek.findByPid(${stuck.pid}, { fields });
  console.log(JSON.stringify([sync.exe.endsWith('/x (deleted)'), sync.name, found, scanned, same.exe === sync.exe]));
  process.exit();
})();`,
        options,
      );
      expect(told).toEqual([true, 'x (deleted)', 0, true, true]);
    });
  },
);
