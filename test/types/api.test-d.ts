/** What the compiler knows of the answers. */
import { spawn } from 'node:child_process';
import { describe, expectTypeOf, test } from 'vitest';
import procseek, {
  type Capabilities,
  type CpuTime,
  capabilities,
  children,
  type EngineCapability,
  type EngineIteration,
  type EngineName,
  type Exclusion,
  type Exit,
  exists,
  type Field,
  type Finder,
  type FinderOptions,
  fieldNames,
  findByName,
  findByNameSync,
  findByPid,
  findByPidSync,
  findOneByName,
  findOneByNameSync,
  type IoCounters,
  isRunning,
  kill,
  killGroup,
  killTree,
  openFinder,
  type Process,
  type ProcessError,
  type ProcessFields,
  type ProcessState,
  scan,
  scanSync,
  signalTree,
  type WaitStats,
  type WatchBackend,
  type Watcher,
  type WatcherEvent,
  type WatcherStats,
  type WatchMessage,
  waitForExit,
  waitStats,
  watch,
} from '../../src/index.js';

interface Default {
  pid: number;
  name: string;
  ppid: number;
  state: ProcessState;
  startTime: number;
  id: string;
}

interface Chosen {
  pid: number;
  rss: number | null;
  cmdline: string[] | null;
  io: IoCounters | null;
  truncated?: readonly ('cmdline' | 'environ')[];
}

const fields = ['rss', 'cmdline', 'io'] as const;

describe('Without `fields`', () => {
  test('a record holds the default ones', () => {
    expectTypeOf(findByPid(1)).resolves.toEqualTypeOf<Default | undefined>();
    expectTypeOf(findByPidSync(1)).toEqualTypeOf<Default | undefined>();
    expectTypeOf(findByName('x')).resolves.toEqualTypeOf<Default[]>();
    expectTypeOf(findByNameSync('x', {})).toEqualTypeOf<Default[]>();
    expectTypeOf(findOneByName('x', { uid: 0 })).resolves.toEqualTypeOf<Default | undefined>();
    expectTypeOf(findOneByNameSync('x')).toEqualTypeOf<Default | undefined>();
    expectTypeOf(children(1, { recursive: true })).resolves.toEqualTypeOf<Default[]>();
    expectTypeOf(scanSync()).toEqualTypeOf<Iterable<Default>>();
    expectTypeOf(scan().next()).resolves.toEqualTypeOf<IteratorResult<Default, undefined>>();
    expectTypeOf<Process>().toEqualTypeOf<Default>();
  });
});

describe('With `fields`', () => {
  test('a record holds pid and these', () => {
    expectTypeOf(findByPid(1, { fields })).resolves.toEqualTypeOf<Chosen | undefined>();
    expectTypeOf(findByPidSync(1, { fields })).toEqualTypeOf<Chosen | undefined>();
    expectTypeOf(findByName('x', { fields, limit: 1 })).resolves.toEqualTypeOf<Chosen[]>();
    expectTypeOf(findByNameSync('x', { fields })).toEqualTypeOf<Chosen[]>();
    expectTypeOf(findOneByName('x', { fields })).resolves.toEqualTypeOf<Chosen | undefined>();
    expectTypeOf(findOneByNameSync('x', { fields })).toEqualTypeOf<Chosen | undefined>();
    expectTypeOf(children(1, { fields })).resolves.toEqualTypeOf<Chosen[]>();
    expectTypeOf(scanSync({ name: 'x' }, { fields })).toEqualTypeOf<Iterable<Chosen>>();
    expectTypeOf(scan({}, { fields }).next()).resolves.toEqualTypeOf<
      IteratorResult<Chosen, undefined>
    >();
    expectTypeOf<Process<'rss' | 'cmdline' | 'io'>>().toEqualTypeOf<Chosen>();
  });

  test('written in place, they need no `as const`', () => {
    const found = findByPidSync(1, { fields: ['uid', 'exe'] });
    expectTypeOf(found).toEqualTypeOf<
      { pid: number; uid: number | null; exe: string | null } | undefined
    >();
    expectTypeOf(findByName('x', { fields: ['name'] })).resolves.toEqualTypeOf<
      { pid: number; name: string }[]
    >();
  });

  test('an empty list leaves the pid', () => {
    expectTypeOf(findByPidSync(1, { fields: [] })).toEqualTypeOf<{ pid: number } | undefined>();
    expectTypeOf(findByPidSync(1, { fields: ['pid'] })).toEqualTypeOf<
      { pid: number } | undefined
    >();
  });

  test('that are known at run time only, each may be missing', () => {
    interface Any extends Pick<ProcessFields, 'pid'>, Partial<Omit<ProcessFields, 'pid'>> {
      truncated?: readonly ('cmdline' | 'environ')[];
    }
    const chosen: Field[] = ['name'];
    expectTypeOf(findByPidSync(1, { fields: chosen })).toEqualTypeOf<Any | undefined>();
    expectTypeOf(findByNameSync('x', { fields: fieldNames })).toEqualTypeOf<Any[]>();
    const found = findByPidSync(1, { fields: chosen });
    expectTypeOf(found?.pid).toEqualTypeOf<number | undefined>();
    expectTypeOf(found?.rss).toEqualTypeOf<number | null | undefined>();
  });

  test('that there are not are refused', () => {
    // @ts-expect-error there is no such field
    findByPidSync(1, { fields: ['nmae'] });
    // @ts-expect-error there is no such field
    void findByName('x', { fields: ['name', 'toString'] });
    // @ts-expect-error there is no such field
    scan({}, { fields: ['memory'] });
    // @ts-expect-error a string is no list
    findByPidSync(1, { fields: 'name' });
    // @ts-expect-error that field was not asked for
    findByPidSync(1, { fields: ['name'] })?.rss;
    // @ts-expect-error that field is no default one
    findByPidSync(1)?.exe;
  });
});

describe('The streams', () => {
  test('tell the same records in a loop and in batches', async () => {
    const stream = scan({}, { fields });
    for await (const one of stream) expectTypeOf(one).toEqualTypeOf<Chosen>();
    for await (const batch of stream.batches()) expectTypeOf(batch).toEqualTypeOf<Chosen[]>();
    for (const one of scanSync({}, { fields })) expectTypeOf(one).toEqualTypeOf<Chosen>();
    expectTypeOf(stream).toExtend<AsyncIterableIterator<Chosen>>();
    expectTypeOf(stream).toExtend<AsyncDisposable>();
    expectTypeOf(stream.close()).toEqualTypeOf<void>();
  });

  test('tell nothing at the end, and never just anything', () => {
    const stream = scan({}, { fields });
    expectTypeOf(stream.batches().next()).resolves.toEqualTypeOf<
      IteratorResult<Chosen[], undefined>
    >();
    expectTypeOf(stream.return()).resolves.toEqualTypeOf<IteratorResult<Chosen, undefined>>();
  });
});

describe('A watcher', () => {
  test('tells records of the fields that were asked for, in each way', async () => {
    expectTypeOf(watch('x')).toEqualTypeOf<Watcher<Default>>();
    const watcher = watch({ name: /x/, uid: 0 }, { fields });
    expectTypeOf(watcher).toEqualTypeOf<Watcher<Chosen>>();
    expectTypeOf(watcher.processes).toEqualTypeOf<ReadonlyMap<number, Chosen>>();
    expectTypeOf(watcher.ready).toEqualTypeOf<Promise<void>>();
    expectTypeOf(watcher).toExtend<AsyncDisposable>();
    watcher.on('start', (event) => {
      expectTypeOf(event).toEqualTypeOf<{ process: Chosen; existing: boolean }>();
    });
    watcher.on('exit', ({ process, code, signal }) => {
      expectTypeOf(process).toEqualTypeOf<Chosen>();
      expectTypeOf(code).toEqualTypeOf<number | null>();
      expectTypeOf(signal).toEqualTypeOf<string | null>();
    });
    watcher.on('rename', ({ process, matches, previousName }) => {
      expectTypeOf(process).toEqualTypeOf<Chosen>();
      expectTypeOf(matches).toEqualTypeOf<boolean>();
      expectTypeOf(previousName).toEqualTypeOf<string | null>();
    });
    watcher.on('error', (error) => expectTypeOf(error).toEqualTypeOf<Error>());
    watcher.on('close', (...args) => expectTypeOf(args).toEqualTypeOf<[]>());
    // @ts-expect-error there is no such event
    watcher.on('stop', (event) => event);
    for await (const event of watcher) expectTypeOf(event).toEqualTypeOf<WatcherEvent<Chosen>>();
  });

  test('tells by its type what an event holds', () => {
    const tell = (event: WatcherEvent<Default>) => {
      if (event.type === 'start') expectTypeOf(event.existing).toEqualTypeOf<boolean>();
      else if (event.type === 'exit') expectTypeOf(event.code).toEqualTypeOf<number | null>();
      else expectTypeOf(event.previousName).toEqualTypeOf<string | null>();
      // @ts-expect-error only of an exit
      event.code;
    };
    expectTypeOf(tell).parameter(0).toHaveProperty('process').toEqualTypeOf<Default>();
  });

  test('tells records of the default fields unless its type says otherwise', () => {
    expectTypeOf<Watcher>().toEqualTypeOf<Watcher<Default>>();
    expectTypeOf(watch('x')).toEqualTypeOf<Watcher>();
  });

  test('takes its options, and no others', () => {
    const none = undefined;
    watch('x', { backend: none, interval: none, cpuBudget: none, fields: none, signal: none });
    watch(['x', /x/, new Uint8Array(1)], { backend: 'polling', interval: 10, cpuBudget: 1 });
    // @ts-expect-error there is no such backend
    watch('x', { backend: 'netlink' });
    // @ts-expect-error something has to be looked for
    watch();
    // @ts-expect-error there is no such field
    watch('x', { fields: ['nmae'] });
    // @ts-expect-error it cannot be written to
    watch('x').processes.clear();
    expectTypeOf<WatcherStats['backend']>().toEqualTypeOf<WatchBackend | null>();
    expectTypeOf<WatchMessage['stats']>().toEqualTypeOf<WatcherStats>();
  });
});

describe('The default export', () => {
  test('has all that the module has', () => {
    expectTypeOf(procseek.findByPidSync).toEqualTypeOf<typeof findByPidSync>();
    expectTypeOf(procseek.ProcessError).toEqualTypeOf<typeof ProcessError>();
    expectTypeOf(procseek.findByNameSync('x', { fields })).toEqualTypeOf<Chosen[]>();
    expectTypeOf<procseek.Process>().toEqualTypeOf<Default>();
    expectTypeOf<procseek.Watcher>().toEqualTypeOf<Watcher<Default>>();
    // @ts-expect-error there is no such function
    procseek.findByPort;
  });
});

describe('A finder', () => {
  test('is opened by options, and by none', () => {
    expectTypeOf(openFinder()).toEqualTypeOf<Promise<Finder>>();
    expectTypeOf(
      openFinder({ engine: 'bpf', iteration: 'threads', procRoot: '/proc' }),
    ).toEqualTypeOf<Promise<Finder>>();
    expectTypeOf(openFinder).parameter(0).toEqualTypeOf<FinderOptions | undefined>();
    const none = undefined;
    void openFinder(none);
    void openFinder({ engine: none, iteration: none, procRoot: none });
    for (const engine of ['auto', 'procfs', 'events', 'bpf', 'libproc', 'ntquery'] as const)
      void openFinder({ engine });
    for (const iteration of ['processes', 'threads'] as const) void openFinder({ iteration });
    expectTypeOf<EngineName>().toEqualTypeOf<'procfs' | 'events' | 'bpf' | 'libproc' | 'ntquery'>();
    expectTypeOf<EngineIteration>().toEqualTypeOf<'processes' | 'threads'>();
    expectTypeOf<FinderOptions>().toEqualTypeOf<{
      engine?: EngineName | 'auto' | undefined;
      iteration?: EngineIteration | undefined;
      procRoot?: string | undefined;
    }>();
    // @ts-expect-error there is no such engine
    void openFinder({ engine: 'ebpf' });
    // @ts-expect-error there is nothing else to walk
    void openFinder({ iteration: 'tasks' });
    // @ts-expect-error a path is text
    void openFinder({ procRoot: Buffer.from('/proc') });
    // @ts-expect-error there is no such option
    void openFinder({ backend: 'bpf' });
    // @ts-expect-error null is not the same as nothing
    void openFinder(null);
  });

  test('has the lookups of the module, just as they are', () => {
    expectTypeOf<Finder['exists']>().toEqualTypeOf<typeof exists>();
    expectTypeOf<Finder['isRunning']>().toEqualTypeOf<typeof isRunning>();
    expectTypeOf<Finder['findByPid']>().toEqualTypeOf<typeof findByPid>();
    expectTypeOf<Finder['findByPidSync']>().toEqualTypeOf<typeof findByPidSync>();
    expectTypeOf<Finder['findByName']>().toEqualTypeOf<typeof findByName>();
    expectTypeOf<Finder['findByNameSync']>().toEqualTypeOf<typeof findByNameSync>();
    expectTypeOf<Finder['findOneByName']>().toEqualTypeOf<typeof findOneByName>();
    expectTypeOf<Finder['findOneByNameSync']>().toEqualTypeOf<typeof findOneByNameSync>();
    expectTypeOf<Finder['scan']>().toEqualTypeOf<typeof scan>();
    expectTypeOf<Finder['scanSync']>().toEqualTypeOf<typeof scanSync>();
    expectTypeOf<Finder['children']>().toEqualTypeOf<typeof children>();
  });

  test('tells records of the fields that were asked for', async () => {
    const finder = await openFinder();
    expectTypeOf(finder.findByNameSync('x')).toEqualTypeOf<Default[]>();
    expectTypeOf(finder.findByName(/x/, { fields })).resolves.toEqualTypeOf<Chosen[]>();
    expectTypeOf(finder.findByPidSync(1, { fields: ['uid'] })).toEqualTypeOf<
      { pid: number; uid: number | null } | undefined
    >();
    expectTypeOf(finder.scanSync({}, { fields: [] })).toEqualTypeOf<Iterable<{ pid: number }>>();
    for await (const one of finder.scan()) expectTypeOf(one).toEqualTypeOf<Default>();
    // @ts-expect-error there is no such field
    finder.findByNameSync('x', { fields: ['nmae'] });
    // @ts-expect-error the id was not asked for
    finder.isRunning({ pid: 1 });
  });

  test('says what it is, and is closed', async () => {
    await using finder = await openFinder();
    expectTypeOf(finder).toExtend<AsyncDisposable>();
    expectTypeOf(finder.engine).toEqualTypeOf<EngineName>();
    expectTypeOf(finder.iteration).toEqualTypeOf<EngineIteration | null>();
    expectTypeOf(finder.procRoot).toEqualTypeOf<string | null>();
    expectTypeOf(finder.memory).toEqualTypeOf<number>();
    expectTypeOf(finder.degraded).toEqualTypeOf<string | null>();
    expectTypeOf(finder.close()).toEqualTypeOf<void>();
    expectTypeOf(finder[Symbol.asyncDispose]()).toEqualTypeOf<Promise<void>>();
    // @ts-expect-error it stays what it is
    finder.engine = 'bpf';
    // @ts-expect-error it stays what it is
    finder.procRoot = '/proc';
    // @ts-expect-error it is measured
    finder.memory = 0;
  });

  test('takes its lookups along when they are taken out', async () => {
    const { findByNameSync, scan } = await openFinder();
    expectTypeOf(findByNameSync('x')).toEqualTypeOf<Default[]>();
    expectTypeOf(scan().next()).resolves.toEqualTypeOf<IteratorResult<Default, undefined>>();
  });
});

describe('Capabilities', () => {
  test('are those of each engine', () => {
    expectTypeOf(capabilities).toEqualTypeOf<() => Capabilities>();
    expectTypeOf<Capabilities>().toEqualTypeOf<{
      watch: { backend: WatchBackend; reason: string | null };
      view: { foreign: boolean; hidden: string | null };
      engines: Record<EngineName, EngineCapability>;
      bpfIteration: EngineIteration | null;
    }>();
    expectTypeOf<EngineCapability>().toEqualTypeOf<{ available: boolean; reason: string | null }>();
    expectTypeOf(capabilities().engines.bpf.reason).toEqualTypeOf<string | null>();
    // @ts-expect-error the best one is none of its own
    capabilities().engines.auto;
    // @ts-expect-error there is nothing to be asked for
    capabilities({});
  });
});

describe('No field is of any type', () => {
  type IsAny<T> = 0 extends 1 & T ? true : false;
  type Fields<T> = { [K in keyof T]: IsAny<T[K]> };

  test('of a process, its counters or an error', () => {
    expectTypeOf<Fields<ProcessFields>[Field]>().toEqualTypeOf<false>();
    expectTypeOf<Fields<CpuTime>[keyof CpuTime]>().toEqualTypeOf<false>();
    expectTypeOf<Fields<IoCounters>[keyof IoCounters]>().toEqualTypeOf<false>();
    expectTypeOf<ProcessError['code']>().toEqualTypeOf<string>();
    expectTypeOf<ProcessError['errno']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Field>().toEqualTypeOf<keyof ProcessFields>();
    expectTypeOf(fieldNames).toEqualTypeOf<readonly Field[]>();
  });
});

describe('Ends and signals', () => {
  const ended = { code: null, signal: null };

  test('an end has a code or a signal, or neither', () => {
    expectTypeOf(waitForExit(1)).resolves.toEqualTypeOf<Exit>();
    expectTypeOf<Exit>().toEqualTypeOf<{ code: number | null; signal: string | null }>();
    expectTypeOf(ended).toExtend<Exit>();
  });

  test('are of a PID, or of a record with its identity', () => {
    const { signal } = new AbortController();
    const found = findByPidSync(1);
    if (found) {
      void waitForExit(found, { signal });
      expectTypeOf(kill(found)).toEqualTypeOf<boolean>();
    }
    void waitForExit(1, undefined);
    void waitForExit({ pid: 1, id: 'x' }, { signal: undefined });
    kill(1, 'SIGKILL');
    kill({ pid: 1, id: 'x' }, 9);
    kill(1, undefined);
    // @ts-expect-error the id was not asked for
    void waitForExit({ pid: 1, name: 'x' });
    // @ts-expect-error the id was not asked for
    kill({ pid: 1, name: 'x' });
    // @ts-expect-error a process may have ended
    kill(findByPidSync(1));
    // @ts-expect-error a PID is a number
    void waitForExit('1');
    void waitForExit(1, { timeout: 1 });
    // @ts-expect-error there is no such option
    void waitForExit(1, { grace: 1 });
    const child = spawn('true');
    expectTypeOf(waitForExit(child)).resolves.toEqualTypeOf<Exit>();
    kill(child);
    isRunning(child);
    exists(child);
    void children(child);
    void findByPid(child, { fields: ['rss'] });
    void killTree([child, 1]);
    signalTree(child);
    void killGroup({ sid: child });
    // @ts-expect-error the PID of a child that may not have been started
    kill(child.pid);
    // @ts-expect-error a signal has a name or a number
    kill(1, null);
  });

  test('have their cost', () => {
    expectTypeOf(waitStats()).toEqualTypeOf<WaitStats>();
    expectTypeOf<WaitStats>().toEqualTypeOf<{
      waiting: number;
      polled: number;
      polls: number;
      reason: string | null;
    }>();
  });
});

describe('Arguments', () => {
  test('may be undefined where they may be left out', () => {
    const none = undefined;
    expectTypeOf(findByPidSync(1, none)).toEqualTypeOf<Default | undefined>();
    expectTypeOf(findByPidSync(1, { fields: none })?.pid).toEqualTypeOf<number | undefined>();
    void findByName('x', { by: none, ignoreCase: none, uid: none, limit: none, signal: none });
    void findByName('x', { zombies: none });
  });

  test('that leave processes out are words, PIDs, or arrays of these', () => {
    const pids: readonly number[] = [1, 2];
    const every: (Exclusion | readonly Exclusion[] | undefined)[] = [
      'self',
      'ancestors',
      1,
      pids,
      ['self', 1],
      undefined,
    ];
    for (const exclude of every) {
      void findByName('x', { exclude });
      scan({ exclude });
      watch({ name: 'x', exclude }).close();
    }
    // @ts-expect-error there is no such word
    void findByName('x', { exclude: 'parent' });
    // @ts-expect-error a lookup by PID leaves nobody out
    void findByPid(1, { exclude: 'self' });
  });

  test('that are filters have no other conditions', () => {
    // @ts-expect-error there is no such condition
    scan({ user: 'root' });
  });

  test('that are names may be of several kinds', () => {
    const names = ['x', /x/, new Uint8Array(1), Buffer.from('x')] as const;
    for (const name of names) void findByName(name);
    void findByName(names);
    scan({ name: names, by: 'cmdline', pids: [1, 2], zombies: true });
    findOneByNameSync('x', { zombies: false });
    watch({ name: 'x', zombies: true });
    // @ts-expect-error it is wanted or not
    void findByName('x', { zombies: 'all' });
    // @ts-expect-error a number is no name
    void findByName(1);
    // @ts-expect-error a name has to be given
    void findByName();
    // @ts-expect-error there is no such way to compare
    void findByName('x', { by: 'path' });
    // @ts-expect-error there is a function for one
    void findOneByName('x', { limit: 2 });
    // @ts-expect-error nothing can be aborted at once
    findByNameSync('x', { signal: new AbortController().signal });
    // @ts-expect-error a PID is a number
    void findByPid('1');
  });

  test('that are processes need their identity', () => {
    const found = findByPidSync(1);
    if (found) expectTypeOf(isRunning(found)).toEqualTypeOf<boolean>();
    isRunning({ pid: 1, id: 'x' });
    // @ts-expect-error the id was not asked for
    isRunning({ pid: 1, name: 'x' });
    // @ts-expect-error a PID alone does not tell which process
    isRunning(1);
    void children(1);
    void children({ pid: 1, id: 'x' });
    // @ts-expect-error the id was not asked for
    void children({ pid: 1 });
  });
});
