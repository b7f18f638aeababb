/** Lookups that overlap share passes, and yet each gets the answer to its own question. */
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { type Binding, binding } from '../../src/binding.js';
import { findByName, findByPid, findOneByName, scan } from '../../src/index.js';
import { openedPaths, traced } from '../support/library.js';
import { allPids } from '../support/proc.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../support/programs.js';
import { ownUid } from '../support/requirements.js';
import { needs, system } from '../support/system.js';
import { until } from '../support/until.js';

const scratch = scratchDirectory();
const startCalled = (name: string) => startProgram(makeProgram(scratch, name));

const native = { openPass: binding.openPass, next: binding.next };
let openPass: MockInstance<Binding['openPass']>;
let next: MockInstance<Binding['next']>;
let stepsMade = 0;
let mostUnderWay = 0;
let gate: { opened: Promise<void>; open: () => void };

/** From now on, what a step has found is told only when the gate opens. */
function shutGate(): void {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  gate = { opened, open };
}

beforeEach(() => {
  let underWay = 0;
  stepsMade = 0;
  mostUnderWay = 0;
  shutGate();
  gate.open();
  openPass = vi.spyOn(binding, 'openPass');
  next = vi.spyOn(binding, 'next').mockImplementation(async (pass) => {
    mostUnderWay = Math.max(mostUnderWay, ++underWay);
    const found = await native.next(pass);
    stepsMade++;
    await gate.opened;
    underWay--;
    return found;
  });
});

afterEach(() => {
  gate.open();
  vi.restoreAllMocks();
});

/** Asks for a name, in a pass that has looked at everything, and of which nobody has heard yet. */
async function askAndHold(name: string): Promise<{ answer: Promise<{ pid: number }[]> }> {
  shutGate();
  const answer = findByName(name, { fields: [] });
  await until('a step has been made', () => stepsMade > 0);
  return { answer };
}

const own = { ppid: process.pid } as const;

describe('Lookups that are asked in one breath', () => {
  test('are answered by one pass, whatever they ask', async () => {
    const names = [uniqueName(12), uniqueName(13), uniqueName(14)] as const;
    const [first, second, third] = [
      await startCalled(names[0]),
      await startCalled(names[1]),
      await startCalled(names[2]),
    ];
    const answers = await Promise.all([
      findByName(names[0]),
      findByName(names[1], { fields: ['ppid', 'exe'] }),
      findByName(new RegExp(names[2]), { fields: ['name'], ...own }),
      findByName([names[2], Buffer.from(names[0])], { fields: [], limit: 1 }),
      findOneByName(names[1].toUpperCase(), { ignoreCase: true, fields: ['uid'] }),
      findByName(new RegExp(names.join('|')), { by: 'argv0', ...own, fields: ['comm'] }),
      findByName(uniqueName(12)),
      findByName(names[0], { uid: (ownUid ?? 0) + 1 }),
    ]);
    expect(answers[0].map((one) => Object.keys(one))).toEqual([
      ['pid', 'name', 'ppid', 'state', 'startTime', 'id'],
    ]);
    expect(answers[0][0]).toMatchObject({ pid: first.pid, name: names[0] });
    expect(answers.slice(1)).toEqual([
      [{ pid: second.pid, ppid: process.pid, exe: expect.stringContaining(names[1]) }],
      [{ pid: third.pid, name: names[2] }],
      [{ pid: Math.min(first.pid, third.pid) }],
      { pid: second.pid, uid: ownUid },
      [first, second, third]
        .map(({ pid }, i) => ({ pid, comm: names[i] }))
        .sort((a, b) => a.pid - b.pid),
      [],
      [],
    ]);
    const passes = openPass.mock.calls.filter(([, pids]) => pids === undefined);
    expect(passes).toHaveLength(1);
    expect(mostUnderWay).toBe(1);
  });

  test('of the same name get answers of their own', async () => {
    const name = uniqueName(12);
    const { pid } = await startCalled(name);
    const [one, two] = await Promise.all([
      findByName(name, { fields: [] }),
      findByName(name, { fields: [] }),
    ]);
    expect(one).toEqual([{ pid }]);
    expect(two).toEqual(one);
    expect(two).not.toBe(one);
    expect(two?.[0]).not.toBe(one?.[0]);
  });
});

test('JavaScript does not hear of steps that found nothing', async () => {
  const names = Array.from({ length: 5000 }, () => uniqueName(12)); // so that each takes its time
  expect(await findByName(names, { by: 'argv0', fields: [] })).toEqual([]);
  expect(openPass).toHaveBeenCalledTimes(1);
  expect(next).toHaveBeenCalledTimes(1);
});

describe('Lookups that are asked while a pass is under way', () => {
  test('are answered by one more pass, however many they are', async () => {
    const name = uniqueName(12);
    const { pid } = await startCalled(name);
    const { answer } = await askAndHold(name);
    const answers: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i++) {
      const query = i % 3 === 0 ? Buffer.from(name) : [name, uniqueName(10 + (i % 20))];
      answers.push(findByName(query, { fields: i % 2 === 0 ? [] : ['name'] }));
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    expect(openPass).toHaveBeenCalledTimes(1);
    gate.open();
    expect(await answer).toEqual([{ pid }]);
    const expected = answers.map((_, i) => [i % 2 === 0 ? { pid } : { pid, name }]);
    expect(await Promise.all(answers)).toEqual(expected);
    expect(openPass).toHaveBeenCalledTimes(2);
    expect(mostUnderWay).toBe(1);
  });

  test('know of processes that the pass under way could not see', async () => {
    const name = uniqueName(12);
    const { answer } = await askAndHold(name);
    const { pid } = await startCalled(name);
    const later = findByName(name, { fields: [] });
    gate.open();
    expect(await later).toEqual([{ pid }]);
    expect(await answer).toEqual([]);
  });

  test('are answered in passes that follow each other for as long as there are questions', async () => {
    const name = uniqueName(12);
    const { pid } = await startCalled(name);
    const ask = async (times: number) => {
      for (let i = 0; i < times; i++)
        expect(await findByName(name, { fields: [] })).toEqual([{ pid }]);
    };
    await Promise.all(Array.from({ length: 20 }, () => ask(10)));
    expect(mostUnderWay).toBe(1);
    expect(openPass.mock.calls.length).toBeLessThanOrEqual(21);
    expect(openPass.mock.calls.length).toBeGreaterThanOrEqual(10);
  });
});

test('Who wants one process only does not wait for those who want all', async () => {
  let isAllAnswered = false;
  const all = findByName(/./, { fields: [] }).then((found) => {
    isAllAnswered = true;
    return found;
  });
  const one = findByName(/./, { limit: 1, fields: [] }).then((found) => {
    shutGate();
    return found;
  });
  expect(await one).toEqual([{ pid: Math.min(...allPids()) }]);
  expect(isAllAnswered).toBe(false);
  gate.open();
  expect((await all).length).toBeGreaterThan(1);
  expect(openPass.mock.calls.filter(([, pids]) => pids === undefined)).toHaveLength(1);
});

describe('A caller who aborts', () => {
  const reason = new Error('of the caller');

  test('before asking is told the reason, and costs nothing', async () => {
    const signal = AbortSignal.abort(reason);
    await expect(findByName('x', { signal })).rejects.toBe(reason);
    await expect(findOneByName('x', { signal })).rejects.toBe(reason);
    expect(openPass).not.toHaveBeenCalled();
  });

  test('before the pass starts costs nothing either', async () => {
    const controller = new AbortController();
    const answers = [1, 2].map(() => findByName('x', { signal: controller.signal }));
    controller.abort(reason);
    for (const one of await Promise.allSettled(answers)) {
      expect(one).toEqual({ status: 'rejected', reason });
    }
    expect(openPass).not.toHaveBeenCalled();
  });

  test('in the middle is told at once, and the others are answered all the same', async () => {
    const name = uniqueName(12);
    const { pid } = await startCalled(name);
    const controller = new AbortController();
    const signal = controller.signal;
    shutGate();
    const aborted = findByName(name, { signal });
    const abortedPattern = findByName(new RegExp(name), { signal });
    const other = findByName(name, { fields: [] });
    await until('a step has been made', () => stepsMade > 0);
    const waiting = findByName(name, { signal });
    const otherWaiting = findByName(new RegExp(name), { fields: [] });
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason); // while nobody else has heard anything
    await expect(abortedPattern).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    gate.open();
    expect(await other).toEqual([{ pid }]);
    expect(await otherWaiting).toEqual([{ pid }]);
  });

  test('after the answer changes nothing', async () => {
    const controller = new AbortController();
    const answer = await findByName(uniqueName(12), { signal: controller.signal });
    controller.abort(reason);
    expect(answer).toEqual([]);
  });

  test('has one listener on a signal that many lookups and streams share', async () => {
    const { signal } = new AbortController();
    const answers = Array.from({ length: 20 }, () => findByName('x', { signal }));
    const streams = Array.from({ length: 20 }, () => scan({ name: 'x' }, { signal }));
    const points = Array.from({ length: 20 }, () => findByPid(process.pid, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const stream of streams) stream.close();
    await Promise.all([...answers, ...points]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await findByName(uniqueName(12), { signal });
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed.mock.calls[0]?.slice(0, 2)).toEqual(added.mock.calls[0]?.slice(0, 2));
  });

  test('without a reason of its own is told an AbortError', async () => {
    await expect(findByName('x', { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
  });
});

describe('A pass that fails', () => {
  const { outOfDescriptors } = system;

  test('fails for those who wait for it, and for nobody after them', async () => {
    const name = uniqueName(12);
    const { pid } = await startCalled(name);
    openPass.mockReturnValueOnce(outOfDescriptors);
    const error = { name: 'ProcessError', code: 'EMFILE', errno: outOfDescriptors };
    for (const one of await Promise.allSettled([findByName('x'), findByName(/y/)])) {
      expect(one).toMatchObject({ status: 'rejected', reason: error });
    }
    expect(await findByName(name, { fields: [] })).toEqual([{ pid }]);
  });

  test('in the middle does not stop those who are waiting for the one after it', async () => {
    const name = uniqueName(12);
    const { pid } = await startCalled(name);
    next.mockImplementationOnce(async () => {
      stepsMade++;
      await gate.opened;
      return outOfDescriptors;
    });
    shutGate();
    const failed = findByName(name);
    const checked = expect(failed).rejects.toMatchObject({ code: 'EMFILE' });
    await until('a step has been made', () => stepsMade > 0);
    const later = findByName(name, { fields: [] });
    gate.open();
    await checked;
    expect(await later).toEqual([{ pid }]);
  });

  test('while it looks closer for one caller fails for that one alone', async () => {
    const name = uniqueName(12);
    const { pid } = await startCalled(name);
    openPass.mockImplementationOnce(native.openPass).mockReturnValueOnce(outOfDescriptors);
    const pattern = findByName(new RegExp(name));
    const checked = expect(pattern).rejects.toMatchObject({ code: 'EMFILE' });
    expect(await findByName(name, { fields: [] })).toEqual([{ pid }]);
    await checked;
  });
});

test('A hundred overlapping lookups list /proc twice at most', async (context) => {
  needs(context, 'system calls');
  const calls = await traced('getdents64', 0, async ({ procseek, begin, end }) => {
    begin();
    const answers = [];
    for (let i = 0; i < 100; i++) {
      answers.push(procseek.findByName(`absent-${i}`));
      if (i === 50) await new Promise(setImmediate);
    }
    await Promise.all(answers);
    end();
  });
  const listings = openedPaths(calls).filter((path) => path === '/proc');
  expect(listings.length).toBeGreaterThanOrEqual(1);
  expect(listings.length).toBeLessThanOrEqual(2);
});
