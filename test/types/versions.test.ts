/** The declarations are for TypeScript 5.0 and later, with whatever a project has switched on. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type typescript from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { installInto } from '../../scripts/runtimes.mjs';
import { fieldNames } from '../../src/index.js';
import { root } from '../support/platform.js';
import { Editor } from './project.js';

/** Each with types of Node.js that it can read: the newest ones take the newest compilers. */
const versions = [
  { typescript: '5.0.4', types: '20.19.43' },
  { typescript: '5.4.5', types: '20.19.43' },
  { typescript: '5.9.3', types: '22.20.5' },
  { typescript: '6.0.3', types: '20.19.43' },
  { typescript: '7.0.2', types: '22.20.5' },
];

const module = `
import procseek, {
  findByName, findByPid, type Process, scan, waitForExit, watch, type Watcher,
} from 'procseek';
import { spawn } from 'node:child_process';

const watcher: Watcher = watch('x');
watcher.on('exit', ({ process, code }) => console.log(process.pid, code?.toFixed()));
watcher.on('error', (error) => console.log(error.message));
export async function sum(): Promise<number> {
  const self: Process | undefined = await findByPid(1);
  let total = self?.ppid ?? 0;
  for (const { rss } of await findByName('node', { fields: ['rss'] })) total += rss ?? 0;
  for (const { cpuTime } of await scan({}, { fields: ['cpuTime'] }).toArray())
    total += cpuTime?.user ?? 0;
  const { code } = await waitForExit(spawn('true'), { timeout: 1000 });
  const finder = await procseek.openFinder();
  total += finder.findByNameSync('node').length;
  await finder[Symbol.asyncDispose]();
  // @ts-expect-error: this field was not asked for
  (await findByPid(1))?.rss;
  return total + (code ?? 0);
}
`;

/** How projects are set up; `types` is left to the default of each version, and once switched off. */
const settings = [
  { module: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
  { module: 'commonjs', moduleResolution: 'node10' },
  { module: 'nodenext', types: [] },
];

describe.each(versions)('TypeScript $typescript', (version) => {
  const directory = join(root, '.cache/typescript', version.typescript);
  let obstacle: string | undefined;

  beforeAll(() => {
    const wanted = { typescript: version.typescript, '@types/node': version.types };
    try {
      installInto(directory, wanted);
    } catch (error) {
      obstacle = `cannot be installed: ${error instanceof Error ? error.message : error}`;
      return;
    }
    const installed = join(directory, 'node_modules/procseek');
    rmSync(installed, { recursive: true, force: true });
    for (const one of ['dist', 'package.json'])
      cpSync(join(root, one), join(installed, one), { recursive: true });
  });

  test.for(settings)('accepts them with %j', async (options, { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const isGone = 'moduleResolution' in options && options.moduleResolution === 'node10';
    skip(isGone && Number.parseInt(version.typescript, 10) >= 6, 'it has no node10 any more');
    const project = join(directory, 'project');
    mkdirSync(project, { recursive: true });
    writeFileSync(join(project, 'agent.ts'), module);
    const compilerOptions = {
      target: 'es2022',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      ...options,
    };
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    expect(await complaintsOf(directory, project)).toBe('');
  });

  test('shows what a field is', async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(version.typescript.startsWith('7'), 'its language service is another program');
    const ts: typeof typescript = createRequire(join(directory, 'x.js'))('typescript');
    const uses = fieldNames.map((field) => `record!.${field}/*${field}*/;`).join('\n');
    const text = `import { findByPidSync } from 'procseek';
      const record = findByPidSync(1, { fields: ${JSON.stringify(fieldNames)} });\n${uses}`;
    const editor = new Editor(text, ts);
    const silent = fieldNames.filter((field) => editor.documentationBefore(`/*${field}*/`) === '');
    expect(silent).toEqual([]);
  });
});

function complaintsOf(directory: string, project: string): Promise<string> {
  const compiler = join(directory, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, '-p', project], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}
