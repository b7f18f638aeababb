/**
 * All engines give the same answers as a full read does that begins after the change, while
 * processes fork, execute, rename themselves, end, and give their PIDs away.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  capabilities,
  type Field,
  type FindByNameOptions,
  type Finder,
  type FinderOptions,
  findByName,
  findByNameSync,
  type NameQuery,
  openFinder,
} from '../../src/index.js';
import { scratchDirectory, uniqueName } from '../support/programs.js';

vi.setConfig({ testTimeout: 600_000 });

const folder = scratchDirectory();
const program = join(folder, 'churn');
const prefix = uniqueName(8);
const workers = 48;

const { engines } = capabilities();
const kinds: readonly FinderOptions[] = [
  { engine: 'procfs' },
  { engine: 'events' },
  { engine: 'bpf', iteration: 'processes' },
  { engine: 'bpf', iteration: 'threads' },
];
const here = kinds.filter(({ engine }) => engine !== 'auto' && engine && engines[engine].available);

let finders: [string, Finder][] = [];

beforeAll(async () => {
  const source = join(dirname(fileURLToPath(import.meta.url)), 'churn.c');
  execFileSync('gcc', ['-O1', '-pthread', '-o', program, source]);
  finders = await Promise.all(
    here.map(async (one): Promise<[string, Finder]> => {
      const finder = await openFinder(one);
      return [`${one.engine} ${one.iteration ?? ''}`, finder];
    }),
  );
});
afterAll(() => {
  for (const [, finder] of finders) finder.close();
});

/** Numbers that look random, the same ones for the same seed. */
function dice(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, pick: <T>(items: readonly T[]): T => items[below(items.length)] as T };
}

/** A program to execute, by this name. */
function offer(name: string): string {
  linkSync(program, join(folder, name));
  return name;
}

class Churn {
  readonly #child = spawn(program, [folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  readonly #replies = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  readonly #states = new Array<'none' | 'alive' | 'zombie'>(workers).fill('none');

  /** A random order that makes sense, with a name as the function gives it. */
  order({ below, pick }: ReturnType<typeof dice>, name: () => string): string {
    const i = below(workers);
    const state = this.#states[i];
    if (state === 'none') {
      this.#states[i] = 'alive';
      return `fork ${i}`;
    }
    if (state === 'zombie') {
      this.#states[i] = 'none';
      return `reap ${i}`;
    }
    const what = pick([
      'rename',
      'rename',
      'thread',
      'exec',
      'exec',
      'steal',
      'reuse',
      'end',
      'zombie',
    ]);
    if (what === 'end') this.#states[i] = 'none';
    if (what === 'zombie') this.#states[i] = 'zombie';
    return ['end', 'zombie', 'reuse'].includes(what) ? `${what} ${i}` : `${what} ${i} ${name()}`;
  }

  give(orders: readonly string[]): void {
    this.#child.stdin.write(`${orders.join('\n')}\n`);
  }

  async done(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { done } = await this.#replies.next();
      if (done) throw new Error('the program that churns has ended');
    }
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }
}

test('every engine is here that this host offers', () => {
  expect(finders.length).toBe(here.length);
  expect(finders.length).toBeGreaterThan(0);
});

describe('Between changes', () => {
  const names = [
    ...['alpha', 'Beta', 'gamma'].map((name) => `${prefix}${name}`),
    ...['-long-name-of-a-program', '-long-name-of-another'].map((name) => `${prefix}${name}`),
    `${prefix}+x`,
  ];

  function question({ below, pick }: ReturnType<typeof dice>) {
    const several = Array.from({ length: 1 + below(3) }, () => pick(names));
    const query: NameQuery = pick<NameQuery>([
      pick(names),
      several,
      new RegExp(`^${prefix}[a-g]`),
      [pick(names), new RegExp(`${prefix}.*program`)],
      pick(names).slice(0, 15),
      'churn',
    ]);
    // Whoever has just done as told may be about to sleep: neither its state nor its times hold still.
    const options = pick<FindByNameOptions<readonly Field[]>>([
      { fields: ['name', 'ppid', 'startTime', 'id'] },
      { fields: ['pid', 'exe', 'comm', 'cmdline', 'uid'] },
      { fields: ['name', 'ppid', 'sid', 'nice'], limit: 2 },
      { ignoreCase: true, fields: ['name', 'id'] },
      { by: 'comm', fields: ['id', 'comm'] },
      { by: 'exe', fields: ['id', 'exe'] },
      { fields: ['id'], uid: process.getuid?.() ?? 0 },
    ]);
    return { query, options };
  }

  test('all answers are those of a full read', async () => {
    const random = dice(20261124);
    for (const name of names) offer(name);
    const churn = new Churn();
    let matches = 0;
    for (let round = 0; round < 250; round++) {
      const count = 1 + random.below(8);
      const orders = Array.from({ length: count }, () =>
        churn.order(random, () => random.pick(names)),
      );
      churn.give(orders);
      await churn.done(count);
      for (let i = 0; i < 4; i++) {
        const { query, options } = question(random);
        const expected = findByNameSync(query, options);
        matches += expected.length;
        for (const [kind, finder] of finders) {
          const context = `${kind}: ${query} ${JSON.stringify(options)} after ${orders.join(', ')}`;
          expect(finder.findByNameSync(query, options), context).toEqual(expected);
          expect(await finder.findByName(query, options), context).toEqual(expected);
        }
      }
    }
    await churn.end();
    expect(matches).toBeGreaterThan(1000);
  });
});

describe('Amid changes', () => {
  interface Seen {
    id: string;
    name: string;
  }
  const everything = new RegExp(`^${prefix}\\d+$`);
  const fields = ['id', 'name'] as const;
  const byId = (seen: readonly Seen[]) => new Map(seen.map(({ id, name }) => [id, name]));
  /** Names are numbered in the order in which they are given, and none is given twice. */
  const number = (name: string) => Number(name.slice(prefix.length));

  /** What an answer must not say or leave out, given full reads: two before it, and one after. */
  function complaints(answer: Seen[], [older, newer]: Seen[][], after: Seen[]): string[] {
    const [first, second, last] = [older ?? [], newer ?? [], after].map(byId);
    const told = byId(answer);
    const missing = [...(second ?? [])]
      .filter(([id, name]) => first?.get(id) === name && last?.get(id) === name)
      .filter(([id, name]) => told.get(id) !== name)
      .map(([id, name]) => `${name} (${id}) is missing, told as ${told.get(id)}`);
    const stale = [...told]
      .filter(([id, name]) => {
        const known = second?.get(id);
        return known === undefined ? first?.has(id) : number(name) < number(known);
      })
      .map(([id, name]) => `${name} (${id}) is stale, for it is ${second?.get(id)}`);
    return [...missing, ...stale];
  }

  test('nobody is missing, and nothing told is out of date', async () => {
    const random = dice(1124);
    const given: string[] = [];
    const name = () => {
      const next = `${prefix}${given.length}`;
      given.push(offer(next));
      return next;
    };
    const churn = new Churn();
    const found = { answers: 0, steady: 0 };
    // A slow machine may get to ask but seldom before all that was ordered is done.
    const isEnough = () => found.answers > 100 && found.steady > 500;
    for (let round = 0; round < 60 || !isEnough(); round++) {
      const orders = Array.from({ length: 150 }, () => churn.order(random, name));
      churn.give(orders);
      let isOver = false;
      const over = churn.done(orders.length).finally(() => {
        isOver = true;
      });
      over.catch(() => {}); // told below
      while (!isOver) {
        for (const [kind, finder] of finders) {
          const query: NameQuery = random.pick<NameQuery>([everything, given.slice(-400)]);
          const before = [findByNameSync(query, { fields }), findByNameSync(query, { fields })];
          const isSync = random.below(2) === 0;
          const answer = isSync
            ? finder.findByNameSync(query, { fields })
            : await finder.findByName(query, { fields });
          const after = findByNameSync(query, { fields });
          expect(complaints(answer, before, after), `${kind}, ${query}`).toEqual([]);
          found.answers++;
          found.steady += answer.length;
        }
        await new Promise(setImmediate);
      }
      await over;
    }
    await churn.end();
    expect(await findByName(everything)).toEqual([]);
  });
});
