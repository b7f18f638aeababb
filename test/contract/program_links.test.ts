/** Executables that are called by way of symbolic links. */
import { spawn } from 'node:child_process';
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findByName, findByNameSync, scanSync } from '../../src/index.js';
import { onlyIf } from '../support/requirements.js';

const isLink = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();

/** A program whose path, as it is known by, has a link in it. */
const called = ['/bin/sleep', '/bin/sh', '/usr/bin/awk', '/usr/bin/sleep'].filter(
  (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
);
const commands: Readonly<Record<string, readonly string[]>> = {
  '/bin/sh': ['-c', 'read line'],
  '/usr/bin/awk': ['{ print }'],
};

/** Until the test ends; its output says nothing. */
function run(path: string): number {
  const child = spawn(path, commands[path] ?? ['1000'], { stdio: ['pipe', 'ignore', 'ignore'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child.pid ?? 0;
}

describe(
  'By the path of its executable, a program is found',
  onlyIf(process.platform === 'linux', 'needs Linux'),
  () => {
    test.each(called)('by %s', async (path) => {
      const pid = run(path);
      const found = (list: readonly { pid: number }[]) => list.map(({ pid }) => pid);
      expect(found(await findByName(path, { by: 'exe' }))).toContain(pid);
      expect(found(findByNameSync([path, 'none'], { by: 'any' }))).toContain(pid);
      expect(found([...scanSync({ name: realpathSync(path), by: 'exe' })])).toContain(pid);
    });

    test('by a link only in the directories of the system', () => {
      const link = '/proc/self/exe';
      expect(isLink(link) && readlinkSync(link)).toBe(realpathSync(process.execPath));
      expect(findByNameSync(link, { by: 'exe' })).toEqual([]);
    });
  },
);
