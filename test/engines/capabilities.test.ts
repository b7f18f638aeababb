/** What there is for whom, and that the reason is given where there is not. */
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Capabilities, capabilities, type EngineName, openFinder } from '../../src/index.js';
import { load, resultOf } from '../fault/support.js';
import { offered } from '../support/engines.js';
import { inPidNamespace, inProcess, type Surroundings, type Tools } from '../support/library.js';
import { type Child, launch } from '../support/processes.js';
import { makeScript, scratchDirectory, uniqueName } from '../support/programs.js';
import { isRoot, onlyIf, rootOnly } from '../support/requirements.js';
import { refusing } from '../support/sandbox.js';

const [major = 0, minor = 0] = release().split('.').map(Number);
const isSince = (ours: number, of: number) => major > ours || (major === ours && minor >= of);
const hasBtf = statSync('/sys/kernel/btf/vmlinux', { throwIfNoEntry: false }) !== undefined;

const hasBpf = offered.engines.bpf.available;
const hasEvents = offered.engines.events.available;

const scratch = scratchDirectory();
const name = uniqueName(20);
let outside: Child;
beforeAll(async () => {
  outside = await launch(makeScript(scratch, name, '/bin/bash'));
  return () => outside.stop();
});

const nobody = ['/usr/bin/setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const without = [...nobody, '--inh-caps', '-all', '--'];
const having = (caps: string) => [...nobody, '--inh-caps', caps, '--ambient-caps', caps, '--'];
const unshare = (...args: string[]) => ['/usr/bin/unshare', ...args];

type Asked = EngineName | 'auto';

interface Told {
  offer: Capabilities;
  /** What `openFinder()` gives. */
  best: { engine: EngineName; iteration: string | null };
  /** Why each is refused; `null` where it is opened. */
  refusals: Record<EngineName, { name: string; code: string; message: string } | null>;
  /** Of the process outside: by each engine that can be opened, and the best. */
  found: Partial<Record<Asked, number[]>>;
  exists: Partial<Record<Asked, boolean>>;
  /** Whether all that there is was told. */
  isWhole: Partial<Record<Asked, boolean>>;
  self: number;
}

async function look(
  { procseek, require }: Tools,
  asked: { name: string; pid: number; procRoot?: string },
) {
  const { readdirSync, statSync } = require('node:fs') as typeof import('node:fs');
  const { name, pid, procRoot } = asked;
  const where = procRoot === undefined ? {} : { procRoot };
  const offer = procseek.capabilities();
  const refusals = {} as Told['refusals'];
  const found: Told['found'] = {};
  const exists: Told['exists'] = {};
  const isWhole: Told['isWhole'] = {};
  // Some are listed that may not be looked at.
  const isSeen = (pid: number) => {
    try {
      return (
        statSync(`${procRoot ?? '/proc'}/${pid}/stat`, { throwIfNoEntry: false }) !== undefined
      );
    } catch {
      return false;
    }
  };
  const listed = () =>
    String(
      readdirSync(procRoot ?? '/proc')
        .filter((entry) => /^\d+$/.test(entry))
        .map(Number)
        .filter(isSeen)
        .sort((a, b) => a - b),
    );
  let best: Told['best'] = { engine: 'procfs', iteration: null };
  for (const engine of ['procfs', 'events', 'bpf', 'libproc', 'ntquery', 'auto'] as const) {
    try {
      const finder = await procseek.openFinder({ engine, ...where });
      found[engine] = finder.findByNameSync(name, { fields: [] }).map((one) => one.pid);
      exists[engine] = finder.exists(pid);
      for (let i = 0; i < 1000 && !isWhole[engine]; i++) {
        const before = listed();
        const told = [
          [...finder.scanSync({}, { fields: ['state'] })],
          [...finder.scanSync({}, { fields: ['comm', 'uid'] })],
        ].map((rows) => String(rows.map((one) => one.pid)));
        isWhole[engine] = told.every((one) => one === before) && before === listed();
      }
      if (engine === 'auto') best = { engine: finder.engine, iteration: finder.iteration };
      else refusals[engine] = null;
      finder.close();
    } catch (error) {
      const { name, code, message } = error as { name: string; code: string; message: string };
      if (engine === 'auto') throw error;
      refusals[engine] = { name, code, message };
    }
  }
  return { offer, best, refusals, found, exists, isWhole, self: process.pid };
}

const lookFrom = (where: Surroundings, procRoot?: string): Promise<Told> =>
  inProcess(
    where,
    { name, pid: outside.pid, ...(procRoot === undefined ? {} : { procRoot }) },
    look,
  );

/** What is offered can be opened, and what is not is refused for the reason given. */
function expectSound({ offer, refusals, best, isWhole }: Told): void {
  for (const [engine, { available, reason }] of Object.entries(offer.engines)) {
    expect(reason === null).toBe(available);
    expect(refusals[engine as EngineName]).toEqual(
      available
        ? null
        : {
            name: 'ProcessError',
            code: 'ERR_ENGINE_UNAVAILABLE',
            message: `The engine '${engine}' is not to be had here: ${reason}`,
          },
    );
    if (available) expect(isWhole[engine as EngineName]).toBe(true);
  }
  expect(offer.engines[best.engine].available).toBe(true);
  expect(offer.bpfIteration === null).toBe(!offer.engines.bpf.available);
  expect(isWhole.auto).toBe(true);
}

describe('Here', () => {
  test('there is all that the kernel offers', () => {
    const { engines, bpfIteration } = capabilities();
    expect(engines.procfs).toEqual({ available: true, reason: null });
    if (isRoot && hasBtf && isSince(5, 17)) {
      expect(engines.bpf).toEqual({ available: true, reason: null });
      expect(bpfIteration).toBe(isSince(6, 7) ? 'processes' : 'threads');
    }
    if (!hasBtf)
      expect(engines.bpf).toMatchObject({ available: false, reason: expect.any(String) });
    if (isRoot) expect(engines.events).toEqual({ available: true, reason: null });
  });

  test('nothing else is told, and always the same', () => {
    const told = capabilities();
    expect(Object.keys(told).sort()).toEqual(['bpfIteration', 'engines', 'view', 'watch']);
    expect(Object.keys(told.engines)).toEqual(['procfs', 'events', 'bpf', 'libproc', 'ntquery']);
    expect(capabilities()).toEqual(told);
    expect(capabilities()).not.toBe(told);
  });

  test('nothing stays open', () => {
    const count = () => statSync('/proc/self/fd').size;
    const before = count();
    for (let i = 0; i < 20; i++) capabilities();
    expect(count()).toBe(before);
    expect(readFileSync('/proc/self/maps', 'utf8')).not.toContain('bpf-map');
  });

  test('each engine is opened, or refused for that reason', async () => {
    const told = await lookFrom({});
    expectSound(told);
    expect(told.offer).toEqual(offered);
    expect(told.found.auto).toEqual([outside.pid]);
  });
});

describe('Without a capability', rootOnly, () => {
  test('bpf names the two that it needs', onlyIf(hasBpf, 'needs the engine bpf'), async () => {
    const told = await lookFrom({ launcher: without });
    expectSound(told);
    const { engines } = told.offer;
    expect(engines.bpf.reason).toBe('needs the capabilities CAP_BPF and CAP_PERFMON');
    expect(told.best.engine).not.toBe('bpf');
  });

  test('there are events for any user, since Linux 6.6', async () => {
    const told = await lookFrom({ launcher: without });
    if (hasEvents && isSince(6, 6)) {
      expect(told.offer.engines.events).toEqual({ available: true, reason: null });
    } else {
      expect(told.offer.engines.events.reason).toContain('6.6');
    }
    expect(told.found.auto).toEqual([outside.pid]);
    expect(told.offer.engines.procfs.available).toBe(true);
  });

  test.each([
    ['+bpf', 'CAP_PERFMON'],
    ['+perfmon', 'CAP_BPF'],
  ])(
    'bpf names the one that it still needs, with %s',
    onlyIf(hasBpf, 'needs the engine bpf'),
    async (caps, missing) => {
      const told = await lookFrom({ launcher: having(caps) });
      expectSound(told);
      expect(told.offer.engines.bpf.reason).toBe(`needs the capability ${missing}`);
    },
  );

  test.each(['+bpf,+perfmon', '+sys_admin'])(
    'that it needs not, bpf is there: with %s',
    onlyIf(hasBpf, 'needs the engine bpf'),
    async (caps) => {
      const told = await lookFrom({ launcher: having(caps) });
      expectSound(told);
      expect(told.offer.engines.bpf).toEqual({ available: true, reason: null });
      expect(told.offer.bpfIteration).toBe(offered.bpfIteration);
      expect(told.found.bpf).toEqual([outside.pid]);
    },
  );
});

describe('In a PID namespace', rootOnly, () => {
  const missing = /PID namespace/;

  test('with a /proc of its own, there is bpf, which tells of that namespace alone', async () => {
    const told = await lookFrom(inPidNamespace);
    expectSound(told);
    expect(told.self).toBe(1);
    expect(told.offer.engines.events.reason).toMatch(missing);
    expect(told.offer.engines.bpf.available).toBe(hasBpf);
    expect(told.offer.bpfIteration).toBe(offered.bpfIteration);
    if (offered.bpfIteration === 'processes') {
      expect(told.best).toEqual({ engine: 'bpf', iteration: 'processes' });
    }
    for (const found of Object.values(told.found)) expect(found).toEqual([]);
    for (const exists of Object.values(told.exists)) expect(exists).toBe(false);
  });

  test('with the /proc of another one, there is neither', async () => {
    const told = await lookFrom({ launcher: unshare('--pid', '--fork', '--kill-child') });
    const { engines, bpfIteration } = told.offer;
    expect(engines.procfs).toEqual({ available: true, reason: null });
    expect(engines.events).toEqual({ available: false, reason: expect.stringMatching(missing) });
    expect(engines.bpf).toEqual({ available: false, reason: expect.stringMatching(missing) });
    expect(engines.bpf.reason).toContain('/proc');
    expect(bpfIteration).toBeNull();
    expect(told.best).toEqual({ engine: 'procfs', iteration: null });
    expect(told.refusals.bpf?.code).toBe('ERR_ENGINE_UNAVAILABLE');
    expect(told.refusals.events?.code).toBe('ERR_ENGINE_UNAVAILABLE');
  });
});

describe('In another namespace', rootOnly, () => {
  test('of users, there is neither bpf nor events', async () => {
    const told = await lookFrom({ launcher: unshare('--user', '--map-root-user') });
    expectSound(told);
    const { engines } = told.offer;
    expect(engines.bpf.reason).toMatch(/user namespace|capabilit/);
    expect(engines.events.reason).toMatch(/user namespace/);
    expect(told.best.engine).toBe('procfs');
    expect(told.found.auto).toEqual([outside.pid]);
  });

  test('of the network, there are no events', async () => {
    const told = await lookFrom({ launcher: unshare('--net') });
    expectSound(told);
    expect(told.offer.engines.events.reason).toMatch(/network namespace/);
    expect(told.offer.engines.bpf.available).toBe(hasBpf);
  });

  test('of mounts, there is everything', async () => {
    const told = await lookFrom({ launcher: unshare('--mount') });
    expectSound(told);
    expect(told.offer).toEqual(offered);
  });
});

describe('In a sandbox', rootOnly, () => {
  test.each(['EPERM', 'ENOSYS'] as const)(
    'that refuses bpf(2) with %s, bpf is not there, and seccomp is told to be why',
    onlyIf(hasBpf, 'needs the engine bpf'),
    async (error) => {
      const told = await lookFrom({ launcher: refusing(error, 'bpf') });
      expectSound(told);
      expect(told.offer.engines.bpf.reason).toContain('seccomp');
      expect(told.offer.engines.events.available).toBe(hasEvents);
      expect(told.found.auto).toEqual([outside.pid]);
    },
  );

  test.each(['socket', 'bind'] as const)(
    'that refuses %s(2), there are no events',
    async (call) => {
      const told = await lookFrom({ launcher: refusing('EPERM', call) });
      expectSound(told);
      expect(told.offer.engines.events).toEqual({ available: false, reason: expect.any(String) });
      expect(told.offer.engines.bpf.available).toBe(hasBpf);
      expect(told.found.auto).toEqual([outside.pid]);
    },
  );

  test.each(['socket', 'bind'] as const)(
    'that refuses %s(2), seccomp is told to be why',
    async (call) => {
      const { offer } = await lookFrom({ launcher: refusing('EPERM', call) });
      expect(offer.engines.events.reason).toContain('seccomp');
    },
  );

  test('that refuses all of it, there is /proc', async () => {
    const told = await lookFrom({ launcher: refusing('EPERM', 'bpf', 'socket') });
    expectSound(told);
    expect(told.best).toEqual({ engine: 'procfs', iteration: null });
    expect(told.found.auto).toEqual([outside.pid]);
  });
});

describe('Where /proc hides processes', rootOnly, () => {
  const hiding = (at: string, option: string, ...then: string[]) => [
    ...unshare('--mount', '/bin/sh', '-c'),
    `mount -t proc -o hidepid=${option} proc ${at} && exec "$@"`,
    'sh',
    ...then,
  ];
  const able = having('+bpf,+perfmon');

  test.each(['2', '1', 'invisible', 'ptraceable', 'noaccess'])(
    'from a user who could look into the kernel, bpf does not tell of them (hidepid=%s)',
    async (option) => {
      const told = await lookFrom({ launcher: hiding('/proc', option, ...able) });
      expectSound(told);
      if (hasBpf) expect(told.offer.engines.bpf.reason).toMatch(/hidepid/);
      expect(told.offer.bpfIteration).toBeNull();
      for (const found of Object.values(told.found)) expect(found).toEqual([]);
      for (const exists of Object.values(told.exists)) expect(exists).toBe(true);
    },
  );

  test('but not from root, there is everything', async () => {
    const told = await lookFrom({ launcher: hiding('/proc', '2') });
    expectSound(told);
    expect(told.offer).toEqual(offered);
    for (const found of Object.values(told.found)) expect(found).toEqual([outside.pid]);
  });

  test('but not from those who may trace them, there is everything', async () => {
    const told = await lookFrom({
      launcher: hiding('/proc', '2', ...having('+bpf,+perfmon,+sys_ptrace')),
    });
    expectSound(told);
    expect(told.offer.engines.bpf.available).toBe(hasBpf);
    for (const found of Object.values(told.found)) expect(found).toEqual([outside.pid]);
  });

  test('but not from those who may trace them, kernel threads have their names', async () => {
    const launcher = hiding('/proc', '2', ...having('+sys_ptrace'));
    const told = await inProcess({ launcher }, 0, async ({ procseek }) => {
      const pids = (rows: { pid: number }[]) => rows.map(({ pid }) => pid);
      const seen = [...procseek.scanSync({ ppid: 2 }, { fields: ['state'] })];
      const still = ({ pid }: { pid: number }) => procseek.exists(pid);
      const named = new Set(pids([...procseek.scanSync({ ppid: 2 }, { fields: ['name', 'uid'] })]));
      const byPid = seen.filter(still).map(({ pid }) => {
        try {
          return procseek.findByPidSync(pid, { fields: ['name'] }) && 'found';
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      return {
        unnamed: pids(seen.filter(still)).filter((pid) => !named.has(pid)),
        byPid: [...new Set(byPid)],
      };
    });
    expect(told).toEqual({ unnamed: [], byPid: ['found'] });
  });

  describe('with another root that hides others', () => {
    /** By each engine that can be opened, what is told of the process outside. */
    const lookAt = (procRoot: string, launcher: string[]) =>
      inProcess({ launcher }, { procRoot, name }, async ({ procseek }, { procRoot, name }) => {
        const found: [string, number[]][] = [];
        for (const engine of ['procfs', 'events', 'bpf', 'auto'] as const) {
          const finder = await procseek.openFinder({ engine, procRoot }).catch(() => undefined);
          if (finder === undefined) continue;
          found.push([engine, finder.findByNameSync(name, { fields: [] }).map(({ pid }) => pid)]);
          found.push([
            engine,
            [...finder.scanSync({ name }, { fields: ['id'] })].map(({ pid }) => pid),
          ]);
          finder.close();
        }
        return found;
      });

    test('nobody tells of what that root hides', async () => {
      const at = join(scratch, 'hiding');
      mkdirSync(at);
      const told = await lookAt(at, hiding(at, '2', ...able));
      expect(told.filter(([, pids]) => pids.length > 0)).toEqual([]);
    });

    test('everybody tells of what /proc alone hides', async () => {
      const at = join(scratch, 'open');
      mkdirSync(at);
      const then = hiding('/proc', '2', ...able);
      const launcher = [
        ...unshare('--mount', '/bin/sh', '-c'),
        `mount --bind /proc ${at} && exec "$@"`,
        'sh',
        ...then,
      ];
      const told = await lookAt(at, launcher);
      expect(told).toEqual(told.map(([engine]) => [engine, [outside.pid]]));
    });
  });

  test.each(['0', 'off'])('from nobody, there is everything (hidepid=%s)', async (option) => {
    const told = await lookFrom({ launcher: hiding('/proc', option, ...able) });
    expectSound(told);
    expect(told.offer.engines.bpf.available).toBe(hasBpf);
    for (const found of Object.values(told.found)) expect(found).toEqual([outside.pid]);
  });
});

test('Where descriptors have run out, that is the reason, and nothing else', async () => {
  const told = await resultOf<{ spare: number; message: string }[]>(
    `${load}
    const fs = require('node:fs');
    (async () => {
      (await procseek.openFinder({ engine: 'procfs' })).close();
      const told = [];
      for (let spare = 0; spare < 6; spare++) {
        const held = [];
        for (;;) { try { held.push(fs.openSync('/dev/null')); } catch { break; } }
        for (let i = 0; i < spare; i++) fs.closeSync(held.pop());
        const finders = [];
        for (const options of [{ engine: 'events' }, { engine: 'bpf' }, { engine: 'procfs', procRoot: '/proc' }]) {
          try { finders.push(await procseek.openFinder(options)); }
          catch ({ message, errno }) { if (errno === -24) told.push({ spare, message }); }
        }
        for (const finder of finders) finder.close();
        for (const fd of held) fs.closeSync(fd);
      }
      console.log(JSON.stringify(told));
    })();`,
    { wrapper: ['prlimit', '--nofile=64:64', '--'] },
  );
  expect(told.length).toBeGreaterThan(0);
  const wrong = told.filter(({ message }) => !/descriptors have run out|EMFILE/.test(message));
  expect(wrong).toEqual([]);
});

test('An engine that is asked for by name is not replaced by another one', async () => {
  for (const engine of ['procfs', 'events', 'bpf', 'libproc', 'ntquery'] as const) {
    const opened = await openFinder({ engine }).catch(({ code }: { code: string }) => code);
    if (typeof opened === 'string') {
      expect(opened).toBe('ERR_ENGINE_UNAVAILABLE');
      continue;
    }
    expect(opened.engine).toBe(engine);
    opened.close();
  }
});
