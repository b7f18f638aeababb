/** What the kernel keeps for a finder is given back, however the finder is given up. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { load, resultOf } from '../fault/support.js';
import { optionsHere } from '../support/engines.js';

/** `kept()` is what the kernel keeps for this process; `settle` waits until it is as before. */
const counting = `
  const fs = require('node:fs');
  const { execFileSync } = require('node:child_process');
  const { setTimeout: sleep } = require('node:timers/promises');
  function links() {
    return fs.readdirSync('/proc/self/fd').map((fd) => {
      try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; }
    });
  }
  function kept() {
    const all = links();
    const count = (pattern) => all.filter((target) => pattern.test(target)).length;
    const maps = fs.readFileSync('/proc/self/maps', 'utf8').split('\\n');
    return {
      programs: count(/bpf-prog/), maps: count(/bpf-map/), links: count(/bpf[_-](link|iter)/),
      sockets: count(/^socket:/), directories: count(/^\\/proc/),
      mapped: maps.filter((line) => line.includes('bpf-map')).length,
    };
  }
  async function settle(before) {
    let now = kept();
    for (const deadline = Date.now() + 60000; Date.now() < deadline; now = kept()) {
      if (JSON.stringify(now) === JSON.stringify(before)) break;
      globalThis.gc?.();
      await sleep(5);
    }
    return now;
  }
  /** The numbers that the kernel has for the programs and maps of this process. */
  function numbers() {
    const found = { prog: [], map: [] };
    for (const fd of fs.readdirSync('/proc/self/fdinfo')) {
      let text = '';
      try { text = fs.readFileSync('/proc/self/fdinfo/' + fd, 'utf8'); } catch {}
      for (const kind of ['prog', 'map']) {
        const id = new RegExp('^' + kind + '_id:\\\\s*(\\\\d+)', 'm').exec(text)?.[1];
        const isLink = /^link_id:/m.test(text);
        if (id !== undefined && !isLink) found[kind].push(id);
      }
    }
    return found;
  }
  function known(kind, ids) {
    const list = JSON.parse(execFileSync('bpftool', ['--json', kind, 'list'], { encoding: 'utf8' }));
    return list.filter(({ id }) => ids.includes(String(id))).map(({ name }) => name);
  }
  async function forgotten(ids) {
    let left = [];
    for (const deadline = Date.now() + 60000; Date.now() < deadline; await sleep(20)) {
      left = [...known('prog', ids.prog), ...known('map', ids.map)];
      if (left.length === 0) break;
    }
    return left;
  }
  async function warmUp() {
    await procseek.findByName('absent');
    const finder = await procseek.openFinder({ engine: 'procfs' });
    await finder.findByName('absent');
    finder.close();
  }`;

interface Kept {
  programs: number;
  maps: number;
  links: number;
  sockets: number;
  directories: number;
  /** Of the memory that a finder shares with the kernel. */
  mapped: number;
}

const run = <T>(body: string) =>
  resultOf<T>(`${load} ${counting} (async () => { await warmUp(); ${body} })();`, {
    flags: ['--expose-gc'],
  });

const { PATH = '' } = process.env;
const hasBpftool = ['/usr/sbin', '/sbin', ...PATH.split(':')].some((directory) => {
  try {
    return readdirSync(directory).includes('bpftool');
  } catch {
    return false;
  }
});

describe.each(Object.entries(optionsHere))('Of a finder by %s nothing is left', (way, options) => {
  const each: Partial<Kept> = way.startsWith('bpf')
    ? { programs: 1, maps: 1, mapped: 1, links: way.endsWith('threads') ? 1 : 0 }
    : way === 'events'
      ? { sockets: 1 }
      : {};

  test.each([
    ['close()', 'finder.close();'],
    ['await using', 'await finder[Symbol.asyncDispose]();'],
  ])('by %s, at once', async (_, end) => {
    const { before, during, after } = await run<Record<'before' | 'during' | 'after', Kept>>(`
      const before = kept();
      const finders = [];
      for (let i = 0; i < 10; i++) {
        const finder = await procseek.openFinder(${options});
        finders.push(finder);
        finder.findByNameSync('absent');
        await finder.findByName('absent');
        for (const _ of finder.scanSync()) break;
        for await (const _ of finder.scan()) break;
      }
      const during = kept();
      for (const finder of finders) { ${end} }
      console.log(JSON.stringify({ before, during, after: kept() }));`);
    const more = Object.entries(each).map(([kind, count]) => [
      kind,
      before[kind as keyof Kept] + 10 * count,
    ]);
    expect(during).toMatchObject(Object.fromEntries(more));
    expect(after).toEqual(before);
  });

  test('with a directory of its own', async () => {
    const { before, during, after } = await run<Record<'before' | 'during' | 'after', Kept>>(`
      const before = kept();
      const finder = await procseek.openFinder({ ...${options}, procRoot: '/proc' });
      finder.findByNameSync('absent');
      const during = kept();
      finder.close();
      console.log(JSON.stringify({ before, during, after: kept() }));`);
    expect(during.directories).toBeGreaterThan(before.directories);
    expect(after).toEqual(before);
  });

  test('when it is closed in the middle of lookups and streams, once these are done', async () => {
    const { before, after } = await run<Record<'before' | 'after', Kept>>(`
      const before = kept();
      for (let i = 0; i < 20; i++) {
        const finder = await procseek.openFinder(${options});
        const asked = [
          finder.findByName('absent'), finder.findByName(/^sleep$/), finder.findByPid(process.pid),
          finder.children(process.pid), finder.scan().next(), finder.scan({}, { fields: ['exe'] }).next(),
        ];
        const iterator = finder.scanSync()[Symbol.iterator]();
        if (i % 2) iterator.next();
        if (i % 3) await new Promise(setImmediate);
        finder.close();
        await Promise.allSettled(asked);
        if (i % 4) iterator.return();
        else while (i % 2 && !iterator.next().done);
      }
      console.log(JSON.stringify({ before, after: await settle(before) }));`);
    expect(after).toEqual(before);
  });

  test('when it is abandoned', async () => {
    const { before, during, after } = await run<Record<'before' | 'during' | 'after', Kept>>(`
      const before = kept();
      async function make() {
        const finder = await procseek.openFinder({ ...${options}, procRoot: '/proc' });
        finder.findByNameSync('absent');
        await finder.findByName('absent');
        finder.scan();
        await finder.scan().next();
        finder.scanSync()[Symbol.iterator]().next();
        return finder;
      }
      let finders = [];
      for (let i = 0; i < 10; i++) finders.push(await make());
      const during = kept();
      finders = undefined;
      console.log(JSON.stringify({ before, during, after: await settle(before) }));`);
    expect(during.directories).toBeGreaterThanOrEqual(before.directories + 10);
    expect(after).toEqual(before);
  });

  test('when it is abandoned along with what it was asked', async () => {
    const { before, after } = await run<Record<'before' | 'after', Kept>>(`
      const before = kept();
      const asked = Array.from({ length: 20 }, () =>
        procseek.openFinder(${options}).then((finder) => {
          void finder.findByName('absent');
          void finder.scan().next();
          void finder.children(1).catch(() => {});
        }),
      );
      await Promise.all(asked);
      console.log(JSON.stringify({ before, after: await settle(before) }));`);
    expect(after).toEqual(before);
  });

  test('but an abandoned one serves what it was asked, and streams that are not abandoned', async () => {
    const found = await run<{ pids: boolean[]; streamed: boolean; scanned: boolean }>(`
      const isSelf = ({ pid }) => pid === process.pid;
      async function make() {
        const finder = await procseek.openFinder(${options});
        return { answer: [finder.findByName(/./), finder.findByPid(process.pid).then((one) => [one])],
          stream: finder.scan(), rows: finder.scanSync() };
      }
      const { answer, stream, rows } = await make();
      for (let i = 0; i < 5; i++) { gc(); await sleep(1); }
      const pids = (await Promise.all(answer)).map((found) => found.some(isSelf));
      let streamed = false;
      for await (const one of stream) { streamed ||= isSelf(one); gc({ execution: 'sync' }); }
      const scanned = [...rows].some(isSelf);
      console.log(JSON.stringify({ pids, streamed, scanned }));`);
    expect(found).toEqual({ pids: [true, true], streamed: true, scanned: true });
  });

  test('in the kernel, however it ends', async ({ skip }) => {
    if (!hasBpftool || !way.startsWith('bpf')) skip('nothing to be asked, or nobody to ask');
    const { names, closed, abandoned } = await run<Record<string, unknown>>(`
      process.env.PATH += ':/usr/sbin:/sbin';
      const before = kept();
      const finder = await procseek.openFinder(${options});
      finder.findByNameSync('absent');
      const ids = numbers();
      const names = [known('prog', ids.prog), known('map', ids.map)];
      finder.close();
      const closed = await forgotten(ids);
      await (async () => { (await procseek.openFinder(${options})).findByNameSync('absent'); })();
      const others = numbers();
      await settle(before);
      const abandoned = await forgotten(others);
      console.log(JSON.stringify({ names, closed, abandoned }));`);
    expect(names).toEqual([['walk'], ['shared']]);
    expect({ closed, abandoned }).toEqual({ closed: [], abandoned: [] });
  });
});
