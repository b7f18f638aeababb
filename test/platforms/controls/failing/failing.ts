import { afterAll, describe, expect, test } from 'vitest';

test('holds', () => expect(1).toBe(1));

test('does not hold', () => expect({ a: [1, 2] }).toEqual({ a: [1, 3] }));

test('rejects', async () => {
  await expect(Promise.resolve(1)).rejects.toThrow();
});

test('is left out', ({ skip }) => skip('for this reason'));

describe('A hook', () => {
  afterAll(() => {
    throw new Error('of a hook');
  });
  test('fails behind it', () => {});
});
