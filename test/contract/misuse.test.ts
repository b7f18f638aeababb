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
  scan,
  scanSync,
  watch,
} from '../../src/index.js';

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
      for (const other of [null, '1', undefined, Symbol('x'), () => 1]) {
        expect(await failure(call, other)).toMatchObject(wrongType);
      }
    });

    test('one without an id', async () => {
      for (const other of [{ pid: 1 }, { pid: 1, id: 1 }, { pid: 1, id: null }, []]) {
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
  });
});

test('A message names the option, what it must be and what it is', () => {
  expect(() => findByPidSync(-1)).toThrow('pid must be an integer from 0 to 2147483647, not -1');
  expect(() => scanSync({ pids: [1, -5] })).toThrow('filter.pids[1] must be an integer');
  expect(() => findByNameSync('x', { limit: 0 })).toThrow('options.limit must be');
});

test('Options that are undefined are as good as left out', async () => {
  const none = undefined;
  const options = { fields: none, signal: none, by: none, ignoreCase: none, uid: none, ppid: none };
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
    [{ uid: '0' }, wrongType],
    [{ uid: -1 }, outOfRange],
    [{ ppid: 2 ** 31 }, outOfRange],
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
