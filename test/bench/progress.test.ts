import { describe, expect, test } from 'vitest';
import { progressOn } from '../../src/bench/progress.js';

/** What a terminal is shown, and a clock that stands still until it is told. */
function terminal(limit: number, isTTY = true, columns = 80) {
  const shown: string[] = [];
  const clock = { now: 0 };
  const write = (text: string) => shown.push(text.replace('\r\x1b[K', ''));
  const progress = progressOn({ isTTY, columns, write }, limit, () => clock.now);
  return { shown, clock, progress };
}

describe('Progress', () => {
  test('tells the step, how many there are, and the time that is left', () => {
    const { shown, clock, progress } = terminal(Number.POSITIVE_INFINITY);
    progress.expect(10);
    for (let i = 0; i < 5; i++) {
      progress.step(`question ${i}`);
      clock.now += 2000;
    }
    expect(shown).toEqual([
      ...['[1/10] question 0', '[2/10] question 1', '[3/10] question 2'],
      ...['[4/10] about 14 s left: question 3', '[5/10] about 12 s left: question 4'],
    ]);
  });

  test('never promises more time than a quick run has', () => {
    const { shown, clock, progress } = terminal(17_000);
    progress.expect(1000);
    clock.now = 5000;
    progress.step('a question');
    expect(shown).toEqual(['[1/1000] about 12 s left: a question']);
  });

  test('fits the line, and is silent where nobody reads it', () => {
    const narrow = terminal(1000, true, 20);
    narrow.progress.step('a very long name of a question');
    expect(narrow.shown[0]).toHaveLength(19);
    const file = terminal(1000, false);
    file.progress.step('a question');
    file.progress.done();
    expect(file.shown).toEqual([]);
  });
});
