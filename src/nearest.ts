/** Which of some words was probably meant by one that is none of them. */

/** Longer ones are no slips of the pen. */
const longest = 40;

/** Undefined when none is near: the same but for case, or by one or two letters. */
export function nearest(given: string, words: Iterable<string>): string | undefined {
  if (given === '' || given.length > longest) return undefined;
  const lower = given.toLowerCase();
  let best: string | undefined;
  // Of a short word, every letter counts.
  let least = given.length < 5 ? 2 : 3;
  for (const word of words) {
    const distance = letters(lower, word.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    best = word;
  }
  return best;
}

/** How many letters have to be changed, added, left out or swapped with the next one. */
function letters(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const ways = [at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + change];
      row.push(Math.min(...ways, isSwap ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY));
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
