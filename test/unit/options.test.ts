/** Lists of numbers as native code takes them. */
import { expect, test } from 'vitest';
import { checkPids, sorted } from '../../src/options.js';

/** Numbers that look like none in particular, the same in each run. */
function numbers(count: number, most: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  });
}

const expected = (list: readonly number[]) => [...new Set(list)].sort((a, b) => a - b);

test.each([0, 1, 2, 100, 9_999, 10_000, 10_001, 100_000])('%d numbers are sorted', (count) => {
  for (const most of [1, 3, 2 ** 11, 2 ** 15, 2 ** 22, 2 ** 31]) {
    const list = numbers(count, most);
    expect([...sorted(Int32Array.from(list))]).toEqual(expected(list));
    expect([...(checkPids(list) ?? [])]).toEqual(expected(list));
  }
});

test('So are those that have an order already, or the opposite one', () => {
  const list = expected(numbers(20_000, 2 ** 31));
  for (const one of [
    list,
    [...list].reverse(),
    [...list, ...list],
    [...list, 0],
    [2 ** 31 - 1, ...list],
  ]) {
    expect([...(checkPids(one) ?? [])]).toEqual(expected(one));
  }
});
