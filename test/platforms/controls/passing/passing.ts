import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { binding } from '../../../../src/binding.js';

const finished: string[] = [];
const counter = { count: () => 1 };
afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  [1, 'one'],
  [2, 'two'],
])('%i is %s', async (number, word) => {
  onTestFinished(() => {
    finished.push(word);
  });
  const count = vi.spyOn(counter, 'count').mockReturnValueOnce(number);
  await sleep(1);
  expect(counter.count()).toBe(number);
  expect(count).toHaveBeenCalledTimes(1);
});

test('The library has its addon', () => {
  expect(binding.namesAreImages).toBe(false);
});

test('What was to be done at the end of a test is done', () => {
  expect(finished).toEqual(['one', 'two']);
});

describe.skipIf(false)('Matchers', () => {
  test('may stand for what is compared', () => {
    expect({ a: 'text', b: [1, 2] }).toEqual({
      a: expect.stringMatching(/^t/),
      b: expect.arrayContaining([2]),
    });
    expect([1, null]).toContain(null);
    expect(() => expect(1).toBe(2)).toThrow('expected 1 to be 2');
    expect(3).toEqual(expect.toBeOneOf([3, null]));
    expect(() => expect(4).toEqual(expect.toBeOneOf([3, null]))).toThrow();
  });
});

test.skipIf(true)('is left out by a condition', () => {});
