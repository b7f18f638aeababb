/** What is no question gets a coded TypeError or RangeError, never an answer and never a crash. */
import { describe, expect, test } from 'vitest';
import {
  children,
  exists,
  findByName,
  findByNameSync,
  findByPid,
  findByPidSync,
  findOneByName,
  findOneByNameSync,
  isRunning,
  kill,
  openFinder,
  scan,
  scanSync,
  watch,
} from '../../src/index.js';
import { onlyIf } from '../support/requirements.js';

/** The public functions, as JavaScript may call them. */
type Any = (...args: unknown[]) => unknown;
const byName = {
  findByName,
  findOneByName,
  findByNameSync,
  findOneByNameSync,
} as unknown as Record<string, Any>;
const byPid = { exists, findByPidSync, findByPid, children } as unknown as Record<string, Any>;
const streams = { scan, scanSync } as unknown as Record<string, Any>;

const synchronous = ['Sync', 'exists', 'isRunning', 'scan'];

/** How a call fails: by throwing, or by rejecting where it gives a promise. */
async function failure([name, call]: [string, Any], ...args: unknown[]): Promise<unknown> {
  let promise: unknown;
  try {
    promise = call(...args);
  } catch (error) {
    expect(synchronous.some((part) => name.includes(part))).toBe(true);
    return error;
  }
  expect(promise).toBeInstanceOf(Promise);
  return Promise.resolve(promise).then(
    (value) => expect.fail(`${name} answered ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
}

const wrongType = { constructor: TypeError, code: 'ERR_INVALID_ARG_TYPE' };
const wrongValue = { constructor: TypeError, code: 'ERR_INVALID_ARG_VALUE' };
const outOfRange = { constructor: RangeError, code: 'ERR_OUT_OF_RANGE' };

/** An array that takes no memory. */
const sparse = (length: number): unknown[] => Object.assign([], { length });

const numbersOutOfRange = [-1, 2 ** 31, 2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY];
const noNumbers = ['1', null, 1n, [1], {}, true, Symbol('pid'), () => 1];

describe.each(Object.entries(byName))('%s refuses as a name', (...call) => {
  test.each([
    ['nothing', undefined, wrongType],
    ['null', null, wrongType],
    ['a number', 1, wrongType],
    ['an object', {}, wrongType],
    ['a symbol', Symbol('x'), wrongType],
    ['a function', () => 'x', wrongType],
    ['another typed array', new Uint16Array(2), wrongType],
    ['an ArrayBuffer', new ArrayBuffer(2), wrongType],
    ['an array in an array', [['x']], wrongType],
    ['an array with a hole', new Array(1), wrongType],
    ['an array with a wrong element', ['x', 1], wrongType],
    ['an empty array', [], wrongValue],
    ['an empty string', '', wrongValue],
    ['empty bytes', new Uint8Array(0), wrongValue],
    ['an empty string among others', ['x', ''], wrongValue],
    ['a NUL', 'a\0b', wrongValue],
    ['a NUL at the end', 'a\0', wrongValue],
    ['a NUL in bytes', Buffer.from('\0'), wrongValue],
    ['a NUL beyond ASCII', 'É\0', wrongValue],
  ])('%s', async (_, name, expected) => {
    expect(await failure(call, name)).toMatchObject(expected);
    expect(await failure(call, name, { ignoreCase: true })).toMatchObject(expected);
  });
});

describe.each(Object.entries(byPid))('%s refuses as a PID', (...call) => {
  test.each(numbersOutOfRange)('%s', async (pid) => {
    expect(await failure(call, pid)).toMatchObject(outOfRange);
  });

  test.each(noNumbers.filter((one) => call[0] !== 'children' || typeof one !== 'object'))(
    '%o',
    async (pid) => {
      expect(await failure(call, pid)).toMatchObject(wrongType);
    },
  );
});

describe.each(Object.entries({ isRunning, children } as unknown as Record<string, Any>))(
  '%s refuses as a process',
  (...call) => {
    test('what is none', async () => {
      for (const other of [null, '1', undefined, Symbol('x'), () => 1, [], [1]]) {
        expect(await failure(call, other)).toMatchObject(wrongType);
      }
    });

    test('one without an id', async () => {
      for (const other of [{ pid: 1 }, { pid: 1, id: 1 }, { pid: 1, id: null }]) {
        expect(await failure(call, other)).toMatchObject(wrongValue);
      }
    });

    test('one whose PID is none', async () => {
      for (const pid of noNumbers) {
        expect(await failure(call, { pid, id: 'x' })).toMatchObject(wrongType);
      }
      for (const pid of numbersOutOfRange) {
        expect(await failure(call, { pid, id: 'x' })).toMatchObject(outOfRange);
      }
    });
  },
);

const withOptions: [string, Any][] = [
  ...Object.entries(byName).map(([name, call]): [string, Any] => [name, (o) => call('x', o)]),
  ...Object.entries(byPid)
    .filter(([name]) => name !== 'exists')
    .map(([name, call]): [string, Any] => [name, (o) => call(process.pid, o)]),
  ...Object.entries(streams).map(([name, call]): [string, Any] => [name, (o) => call({}, o)]),
];
const withFilter: [string, Any][] = Object.entries(streams);

describe.each([...withOptions, ...withFilter])('%s refuses as options', (...call) => {
  test.each([null, [], 'x', 1, true, Symbol('x'), () => ({})])('%o', async (options) => {
    expect(await failure(call, options)).toMatchObject(wrongType);
  });
});

describe.each(withOptions)('%s refuses among its options', (...call) => {
  test('fields that are no array of strings', async () => {
    for (const fields of [
      null,
      'name',
      1,
      {},
      new Set(['name']),
      [1],
      [null],
      [Symbol('x')],
      [['name']],
    ]) {
      expect(await failure(call, { fields })).toMatchObject(wrongType);
    }
  });

  test('an unknown field, and tells those there are', async () => {
    for (const field of ['Name', '', 'toString', '__proto__', 'constructor', 'name:text']) {
      const error = await failure(call, { fields: ['name', field] });
      expect(error).toMatchObject(wrongValue);
      expect((error as Error).message).toContain(`"${field}"; there are pid, name, ppid,`);
    }
  });

  test('a signal that is none', async () => {
    if (call[0].includes('Sync')) return;
    const { signal: whole } = new AbortController();
    const lacking = ['aborted', 'throwIfAborted', 'addEventListener', 'removeEventListener'].map(
      (part) => {
        const whatIsUsed = {
          aborted: false,
          throwIfAborted: () => {},
          addEventListener: whole.addEventListener.bind(whole),
          removeEventListener: whole.removeEventListener.bind(whole),
        };
        return { ...whatIsUsed, [part]: undefined };
      },
    );
    for (const signal of [null, 'SIGTERM', 1, {}, () => {}, new EventTarget(), ...lacking]) {
      expect(await failure(call, { signal })).toMatchObject(wrongType);
    }
  });
});

describe.each([...withOptions.filter(([name]) => name in byName), ...withFilter])(
  '%s refuses among its conditions',
  (...call) => {
    test('another `by`', async () => {
      for (const by of ['Name', '', 'pid', 'toString', null, 0, ['name'], Symbol('x')]) {
        expect(await failure(call, { by })).toMatchObject(wrongValue);
      }
    });

    test('an `ignoreCase` that is no boolean', async () => {
      for (const ignoreCase of [null, 'yes', 1, {}, Symbol('x')]) {
        expect(await failure(call, { ignoreCase })).toMatchObject(wrongType);
      }
    });

    test('a `zombies` that is no boolean', async () => {
      for (const zombies of [null, 'yes', 1, {}, Symbol('x')]) {
        expect(await failure(call, { zombies })).toMatchObject(wrongType);
      }
    });

    test('an `exclude` that names no process', async () => {
      for (const exclude of ['', 'Self', 'parent', '1', ['self', 'x']]) {
        expect(await failure(call, { exclude })).toMatchObject(wrongValue);
      }
      for (const pid of numbersOutOfRange) {
        expect(await failure(call, { exclude: pid })).toMatchObject(outOfRange);
        expect(await failure(call, { exclude: ['self', pid] })).toMatchObject(outOfRange);
      }
      for (const exclude of [null, 1n, {}, true, Symbol('1'), () => 1, new Set([1])]) {
        expect(await failure(call, { exclude })).toMatchObject(wrongType);
        expect(await failure(call, { exclude: [1, exclude] })).toMatchObject(wrongType);
      }
      for (const exclude of [[['self']], new Array(3).fill(1, 1), [undefined]]) {
        expect(await failure(call, { exclude })).toMatchObject(wrongType);
      }
      expect(await failure(call, { exclude: sparse(2 ** 22 + 1) })).toMatchObject(outOfRange);
    });

    test.each(['uid', 'ppid'])('a %s that is none', async (option) => {
      const range = option === 'uid' ? [-1, 2 ** 32, Number.NaN, 0.5] : numbersOutOfRange;
      for (const value of range) {
        expect(await failure(call, { [option]: value })).toMatchObject(outOfRange);
      }
      for (const value of noNumbers) {
        expect(await failure(call, { [option]: value })).toMatchObject(wrongType);
      }
    });
  },
);

test('A limit is 1 or more', async () => {
  for (const name of ['findByName', 'findByNameSync'] as const) {
    const call: [string, Any] = [name, (limit) => byName[name]?.('x', { limit })];
    for (const limit of [0, -1, 2 ** 32, 0.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(await failure(call, limit)).toMatchObject(outOfRange);
    }
    for (const limit of noNumbers) expect(await failure(call, limit)).toMatchObject(wrongType);
  }
});

describe.each(withFilter)('%s refuses as PIDs', (...call) => {
  test('what is no array of PIDs', async () => {
    for (const pids of [null, 1, '1', {}, new Set([1])]) {
      expect(await failure(call, { pids })).toMatchObject(wrongType);
    }
    for (const pid of noNumbers) {
      expect(await failure(call, { pids: [1, pid] })).toMatchObject(wrongType);
    }
    for (const pid of numbersOutOfRange) {
      expect(await failure(call, { pids: [pid] })).toMatchObject(outOfRange);
    }
    for (const pids of [new Array(3).fill(1, 1), [1, undefined], [2 ** 32 + 1], [1, -1]]) {
      expect(await failure(call, { pids })).toHaveProperty('code');
    }
  });

  test('more than there can be', async () => {
    expect(await failure(call, { pids: sparse(2 ** 22 + 1) })).toMatchObject(outOfRange);
    expect(await failure(call, { pids: sparse(2 ** 32 - 1) })).toMatchObject(outOfRange);
  });
});

describe.each(withFilter)('%s refuses as a filter', (...call) => {
  test.each(['user', 'cmdline', 'pid', 'Name', 'fields', 'limit', 'toString', '0'])(
    'what it does not know, like %s, and tells what there is',
    async (key) => {
      for (const value of ['root', undefined]) {
        const error = await failure(call, { name: 'x', [key]: value });
        expect(error).toMatchObject(wrongValue);
        expect((error as Error).message).toContain(
          `filter has no condition "${key}"; there are name, by, ignoreCase, uid, ppid, pids`,
        );
      }
    },
  );

  test.each([
    ['a RegExp', /node/],
    ['bytes', Buffer.from('node')],
    ['no bytes', new Uint8Array()],
    ['a Map', new Map([['name', 'node']])],
    ['a Set', new Set(['node'])],
    ['a Date', new Date()],
    ['a promise', Promise.resolve({ name: 'node' })],
    ['an error', new Error('node')],
    ['a number as an object', Object(1)],
    ['an empty string as an object', Object('')],
    ['an object that inherits what it has', new (class extends Map {})()],
  ])('%s, which would let everybody pass', async (_, filter) => {
    expect(await failure(call, filter)).toMatchObject(wrongType);
  });

  test('no object without a prototype, and none of a class of its own', async () => {
    class Filter {
      pids = [process.pid];
    }
    const bare = Object.assign(Object.create(null) as object, { pids: [process.pid] });
    for (const filter of [new Filter(), bare]) {
      const [, find] = call;
      const [first] = call[0] === 'scan' ? [await nextOf(find(filter))] : [...listOf(find(filter))];
      expect(first).toHaveProperty('pid', process.pid);
    }
  });
});

const listOf = (iterable: unknown) => iterable as Iterable<unknown>;
async function nextOf(stream: unknown): Promise<unknown> {
  for await (const one of stream as AsyncIterable<unknown>) return one;
  return undefined;
}

describe.each(Object.entries(byName))('%s refuses too much:', (...call) => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `no${i}`);

  test('more than 10,000 names', async () => {
    for (const names of [many(10_001), sparse(2 ** 32 - 1), new Array(10_001).fill(/x/)]) {
      const error = await failure(call, names);
      expect(error).toMatchObject(outOfRange);
      expect((error as Error).message).toContain('name must be at most 10000 names');
    }
  });

  test('more than 2 MiB', async () => {
    const most = 2 ** 21;
    for (const name of [
      'x'.repeat(most + 1),
      'x'.repeat(2 ** 29 - 24),
      'é'.repeat(most / 2 + 1),
      Buffer.alloc(most + 1, 'x'),
      ['x', 'y'.repeat(most)],
      ['x', Buffer.alloc(most, 'y')],
      Array.from({ length: 10_000 }, () => 'x'.repeat(210)),
    ]) {
      expect(await failure(call, name, { by: 'cmdline' })).toMatchObject(outOfRange);
    }
  });

  test('letters beyond ASCII without end where case does not matter', async () => {
    const options = { by: 'cmdline', ignoreCase: true };
    expect(await failure(call, 'é'.repeat(4097), options)).toMatchObject(outOfRange);
  });

  test('but takes what is at the limits', async () => {
    const [, find] = call;
    const nothing = call[0].includes('One') ? undefined : [];
    expect(await find(many(10_000))).toEqual(nothing);
    const texts = ['x'.repeat(2 ** 20), Buffer.alloc(2 ** 20, 'x')];
    expect(await find(texts, { by: 'exe' })).toEqual(nothing);
    expect(await find('é'.repeat(4096), { by: 'exe', ignoreCase: true })).toEqual(nothing);
  });
});

describe.each(withOptions)('%s refuses too many fields', (...call) => {
  test('as often as they are told', async () => {
    for (const fields of [new Array(1001).fill('pid'), sparse(2 ** 32 - 1)]) {
      expect(await failure(call, { fields })).toMatchObject(outOfRange);
    }
  });
});

describe('An array is read once, by its length and its elements', () => {
  /** An array whose elements change each time that they are read. */
  function changing<T>(...values: T[]): T[] {
    let reads = 0;
    return new Proxy([values[0] as T], {
      get: (target, key) =>
        key === '0' ? (values[reads++] ?? values.at(-1)) : Reflect.get(target, key),
    });
  }
  const iterator = {
    // biome-ignore lint/correctness/useYield: it is never to be asked
    *[Symbol.iterator](): Generator<never> {
      throw new Error('an array was iterated over');
    },
  };

  test('names', () => {
    const { name } = findByPidSync(process.pid) as { name: string };
    const isFound = (names: string[]) => [...scanSync({ name: names, pids: [process.pid] })][0];
    expect(isFound(changing(name, 'x\0', '', 'none'))).toHaveProperty('name', name);
    expect(isFound(Object.assign([name], iterator))).toHaveProperty('name', name);
  });

  test('PIDs', () => {
    const list = (pids: number[]) => [...scanSync({ pids }, { fields: [] })];
    expect(list(changing(process.pid, -1, 2 ** 40))).toEqual([{ pid: process.pid }]);
    expect(list(Object.assign([process.pid], iterator))).toEqual([{ pid: process.pid }]);
  });

  test('fields', () => {
    const fields = changing('name', 'nonsense') as 'name'[];
    expect(findByPidSync(process.pid, { fields })).toHaveProperty('name');
  });

  test('or refused, when its length is none', async () => {
    for (const length of [-1, Number.NaN, 1e100]) {
      const array = new Proxy([1], {
        get: (target, key) => (key === 'length' ? length : Reflect.get(target, key)),
      });
      for (const call of withFilter) {
        expect(await failure(call, { pids: array })).toMatchObject(outOfRange);
        expect(await failure(call, { name: array })).toMatchObject(outOfRange);
        expect(await failure(call, { exclude: array })).toMatchObject(outOfRange);
      }
    }
  });
});

test('PIDs may be told in whatever order, and more than once', () => {
  const mixed = Array.from({ length: 12_000 }, (_, i) => (i * 2_654_435_761) % 2 ** 31);
  const pids = [...mixed, process.pid, ...mixed.slice(0, 1000), process.pid];
  expect([...scanSync({ pids, name: /./ }, { fields: [] })]).toContainEqual({ pid: process.pid });
  expect([...scanSync({ pids, exclude: pids }, { fields: [] })]).toEqual([]);
  const told = [...scanSync({ pids }, { fields: [] })].map(({ pid }) => pid);
  expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
});

test('A message names the option, what it must be and what it is', () => {
  expect(() => findByPidSync(-1)).toThrow('pid must be an integer from 0 to 2147483647, not -1');
  expect(() => scanSync({ pids: [1, -5] })).toThrow('filter.pids[1] must be an integer');
  expect(() => findByNameSync('x', { limit: 0 })).toThrow('options.limit must be');
});

test.each<[string, Any, string]>([
  ['TERM', () => kill(process.pid, 'TERM'), `"TERM"; did you mean 'SIGTERM'?`],
  ['sigkill', () => kill(process.pid, 'sigkill'), `"sigkill"; did you mean 'SIGKILL'?`],
  ['an array as options', () => findByNameSync('x', [] as object), 'not an array'],
  ['a signal as options', () => findByNameSync('x', AbortSignal.abort() as object), 'AbortSignal'],
  ['by', () => findByNameSync('x', { by: 'command' } as object), 'not "command"'],
  ['backend', () => watch('x', { backend: 'inotify' } as object), 'not "inotify"'],
  ['isRunning', () => isRunning(1 as never), 'not 1; exists() tells'],
  ['a field', () => findByPidSync(1, { fields: ['RSS'] } as object), "did you mean 'rss'?"],
  ['a condition', () => findByNameSync('x', { user: 'root' } as object), 'no option "user"'],
])('A near miss is answered: %s', (_, call, said) => {
  expect(call).toThrow(said);
});

test(
  'A directory that shows no processes is told from one that is not there',
  onlyIf(process.platform === 'linux', 'needs Linux'),
  async () => {
    const open = (procRoot: string) => openFinder({ procRoot });
    await expect(open('/tmp')).rejects.toThrow('"/tmp" is not a mount of proc');
    await expect(open('/none')).rejects.toThrow('"/none" does not exist');
  },
);

test('Options that are undefined are as good as left out', async () => {
  const none = undefined;
  const filter = { by: none, ignoreCase: none, uid: none, ppid: none, zombies: none };
  const options = { fields: none, signal: none, ...filter };
  const nameless = { fields: none, signal: none };
  expect(await findByPid(process.pid, nameless)).toHaveProperty('startTime');
  expect(findByPidSync(process.pid, undefined)).toHaveProperty('startTime');
  expect(await findByName(/./, { ...options, limit: none })).not.toEqual([]);
  expect([...scanSync({ name: none, pids: none, uid: none })].length).toBeGreaterThan(1);
  expect(await children(process.pid, { ...nameless, recursive: none })).toBeInstanceOf(Array);
});

describe('watch', () => {
  const attempt = (...args: unknown[]) => {
    try {
      (watch as unknown as (...args: unknown[]) => { close(): void })(...args).close();
    } catch (error) {
      return { constructor: (error as Error).constructor, code: (error as { code: string }).code };
    }
    return undefined;
  };

  test.each([undefined, null, 1, true, () => {}, [1], [null]])('refuses the name %s', (name) => {
    expect(attempt(name)).toEqual(wrongType);
  });

  test.each([[''], [[]], ['a\0b'], [new Uint8Array()]])('refuses the name %j', (name) => {
    expect(attempt(name)).toEqual(wrongValue);
  });

  test.each([
    [{ name: 1 }, wrongType],
    [{ name: '' }, wrongValue],
    [{ by: 'path' }, wrongValue],
    [{ ignoreCase: 1 }, wrongType],
    [{ zombies: 1 }, wrongType],
    [{ uid: '0' }, wrongType],
    [{ uid: -1 }, outOfRange],
    [{ ppid: 2 ** 31 }, outOfRange],
    [{ exclude: 'x' }, wrongValue],
    [{ exclude: -1 }, outOfRange],
    [{ user: 'root' }, wrongValue],
    [new Map(), wrongType],
    [{ pids: 1 }, wrongType],
    [{ pids: [1.5] }, outOfRange],
  ])('refuses the filter %j', (filter, expected) => {
    expect(attempt(filter)).toEqual(expected);
  });

  test.each([
    [null, wrongType],
    [1, wrongType],
    [[], wrongType],
    [{ backend: 'netlink' }, wrongValue],
    [{ backend: 1 }, wrongValue],
    [{ interval: '1000' }, wrongType],
    [{ interval: 9 }, outOfRange],
    [{ interval: 10.5 }, outOfRange],
    [{ interval: 2 ** 31 }, outOfRange],
    [{ interval: Number.NaN }, outOfRange],
    [{ cpuBudget: '1' }, wrongType],
    [{ cpuBudget: 0 }, outOfRange],
    [{ cpuBudget: 1.01 }, outOfRange],
    [{ cpuBudget: Number.NaN }, outOfRange],
    [{ fields: 'name' }, wrongType],
    [{ fields: ['nmae'] }, wrongValue],
    [{ signal: {} }, wrongType],
    [{ signal: null }, wrongType],
  ])('refuses the options %j', (options, expected) => {
    expect(attempt('x', options)).toEqual(expected);
  });

  test('takes what is at the limits', () => {
    for (const interval of [10, 2 ** 31 - 1]) expect(attempt('x', { interval })).toBeUndefined();
    for (const cpuBudget of [Number.MIN_VALUE, 1])
      expect(attempt('x', { cpuBudget })).toBeUndefined();
    expect(attempt({})).toBeUndefined();
    expect(attempt('x', undefined)).toBeUndefined();
    const none = {
      backend: undefined,
      interval: undefined,
      cpuBudget: undefined,
      signal: undefined,
    };
    expect(attempt('x', none)).toBeUndefined();
  });
});
