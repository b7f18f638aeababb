import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasPrebuild } from '../../scripts/native.mjs';
import { remove, root, run, temporaryDirectory } from './installed.js';

const require = createRequire(import.meta.url);

async function sourceHash(directory: string): Promise<string> {
  return (await run(process.execPath, ['native/source_hash.js'], directory)).trim();
}

function prebuilds(): string[] {
  const files = readdirSync(join(root, 'prebuilds'), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.node'));
}

describe('a prebuild', () => {
  it.each(prebuilds())('is made from the sources as they are now: %s', async (file) => {
    expect(readFileSync(join(root, 'prebuilds', file)).includes(await sourceHash(root))).toBe(true);
  });

  it('is found by the set-up for its machine, whatever its file is called', () => {
    const machines = prebuilds().map((file) => file.split(/[\\/]/)[0] ?? '');
    for (const machine of machines) {
      const [platform, arch] = machine.split('-');
      expect([machine, hasPrebuild(platform, arch)]).toEqual([machine, true]);
    }
    expect(hasPrebuild('linux', 'mips')).toBe(false);
  });

  it('tells what it was made from', async () => {
    const target = `${process.platform}-${process.arch}`;
    const loadable = prebuilds().filter((file) => file.startsWith(target));
    expect(loadable).not.toEqual([]);
    for (const file of loadable) {
      const addon: { sourceHash: string } = require(join(root, 'prebuilds', file));
      expect(addon.sourceHash).toBe(await sourceHash(root));
    }
  });
});

describe('the hash of the native sources', () => {
  let copy: string;
  beforeEach(() => {
    copy = temporaryDirectory();
    cpSync(join(root, 'native'), join(copy, 'native'), { recursive: true });
  });
  afterEach(() => remove(copy));

  it('is the same with the line ends of Windows', async () => {
    const file = join(copy, 'native/procseek.gypi');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'));
    expect(await sourceHash(copy)).toBe(await sourceHash(root));
  });

  it.each(['native/procseek.gypi', 'native/fields.def'])('changes with %s', async (file) => {
    appendFileSync(join(copy, file), ' ');
    expect(await sourceHash(copy)).not.toBe(await sourceHash(root));
  });

  it('changes with a new file', async () => {
    writeFileSync(join(copy, 'native/linux/new.cc'), '');
    expect(await sourceHash(copy)).not.toBe(await sourceHash(root));
  });

  it('stays the same with what node-gyp writes beside the sources', async () => {
    mkdirSync(join(copy, 'native/build'));
    writeFileSync(join(copy, 'native/build/Makefile'), '');
    expect(await sourceHash(copy)).toBe(await sourceHash(root));
  });
});
