import { copyFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jest, nodeRuntimes } from '../../scripts/runtimes.mjs';
import { install, remove, root, run, temporaryDirectory } from './installed.js';

interface Report {
  readonly version: string;
  readonly imported: readonly string[];
  readonly required: readonly string[];
  readonly isOne: boolean;
  readonly isDefault: boolean;
  readonly foundPid: boolean;
  readonly name: string;
  readonly foundName: boolean;
  readonly foundInStream: boolean;
}

describe('the installed package', () => {
  const project = temporaryDirectory();
  beforeAll(() => install(project));
  afterAll(() => remove(project));

  it.each(nodeRuntimes())('is one by import and by require on Node $version', async (runtime) => {
    const report: Report = JSON.parse(await run(runtime.path, ['report.mjs'], project));
    const names = Object.keys(await import('../../src/index.js')).sort();
    expect(report).toEqual({
      version: runtime.version,
      imported: names,
      required: names,
      isOne: true,
      isDefault: true,
      foundPid: true,
      name: 'node',
      foundName: true,
      foundInStream: true,
    });
  });

  it('needs nothing but its prebuild', async () => {
    const script = 'console.log(require("procseek").findByPidSync(process.pid).ppid)';
    const found = await run(process.execPath, ['-e', script], project, { PREBUILDS_ONLY: '1' });
    expect(Number(found)).toBe(process.pid);
  });

  it('knows the errors and the records of another copy of itself', async () => {
    const packages = join(project, 'node_modules');
    cpSync(join(packages, 'procseek'), join(packages, 'another-copy'), { recursive: true });
    const script = `
const here = require('procseek');
const there = require('another-copy');
there.openFinder({ procRoot: '/nonexistent' }).catch((error) => console.log(JSON.stringify([
  here === there,
  error instanceof here.ProcessError && error instanceof there.ProcessError,
  here.isRunning(there.findByPidSync(process.pid)),
])));`;
    const told = await run(process.execPath, ['-e', script], project);
    expect(JSON.parse(told)).toEqual([false, true, true]);
  });

  it('brings the command', async () => {
    const found = await run('node_modules/.bin/procseek', ['find', 'node', '--json'], project);
    expect(JSON.parse(found)).toContainEqual(expect.objectContaining({ pid: process.pid }));
  });

  it('brings the benchmark, with all that it needs', async () => {
    const args = ['bench', '--quick', '--question', 'pid', '--json', 'bench.json'];
    await run('node_modules/.bin/procseek', args, project);
    const report = JSON.parse(readFileSync(join(project, 'bench.json'), 'utf8'));
    expect(report.questions).toMatchObject([{ id: 'pid' }]);
    expect(report.questions[0].measurements).toContainEqual(
      expect.objectContaining({ contender: 'procseek-sync', verdict: 'right' }),
    );
    // These are files beside the bundle.
    expect(report.absent.map(({ reason }: { reason: string }) => reason).join()).not.toMatch(
      /ENOENT/,
    );
  });

  it('works in Jest, however often it is loaded anew', async () => {
    copyFileSync(join(project, 'jest/find.test.js'), join(project, 'jest/again.test.js'));
    const args = [jest(), '--rootDir', 'jest', '--runInBand', '--watchman=false'];
    await run(process.execPath, args, project);
  });

  it.each(['forks', 'threads', 'vmThreads'])('works in Vitest, in its %s', async (pool) => {
    const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--globals'];
    await run(process.execPath, [...args, '--root', 'vitest', '--pool', pool], project);
  });

  it('has types for import and for require that a strict project accepts', async () => {
    const typeRoots = join(root, 'node_modules/@types');
    const args = [join(root, 'node_modules/typescript/bin/tsc'), '--typeRoots', typeRoots];
    await run(process.execPath, [...args, '--project', 'types'], project);
  });
});
