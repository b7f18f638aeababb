/**
 * A program with procseek, bundled by each tool in its usual way, moved to another folder, and run
 * where neither the sources nor node_modules can be reached.
 */

import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundlers, bundlersOfNext, installBundlers } from '../../scripts/bundlers.mjs';
import { installPackageManagers } from '../../scripts/clients.mjs';
import { onlyIf } from '../support/requirements.js';
import { until } from '../support/until.js';
import { type Bundler, tools } from './bundlers.js';
import { install, remove, root, run, temporaryDirectory } from './installed.js';

const directory = temporaryDirectory();
/** Where programs are bundled, and where that is while they run. */
const project = join(directory, 'project');
const hidden = join(directory, 'hidden');
const away = join(directory, 'away');
let obstacle: string | undefined;

const program = `import { findByPidSync, kill } from 'procseek';
const self = findByPidSync(process.pid, { fields: ['id', 'ppid'] });
kill(self, 'SIGCONT');
console.log(self.ppid);
`;

beforeAll(async () => {
  try {
    installBundlers();
    installPackageManagers();
  } catch (error) {
    obstacle = `the bundlers cannot be installed: ${error}`;
    return;
  }
  mkdirSync(project);
  await install(project);
  mkdirSync(join(project, 'node_modules/@rollup'));
  for (const name of ['rollup', 'esbuild', 'typescript', 'webpack', 'vite', 'rolldown', 'tsup'])
    symlinkSync(join(bundlers, name), join(project, 'node_modules', name));
  for (const name of ['@rollup/plugin-commonjs', '@rollup/plugin-node-resolve'])
    symlinkSync(join(bundlers, name), join(project, 'node_modules', name));
  writeFileSync(join(project, 'app.mjs'), program);
}, 600_000);

afterEach(() => {
  if (existsSync(hidden)) renameSync(hidden, project);
  remove(away);
});
afterAll(() => remove(directory));

async function bundle(bundler: Bundler, isLeftOut: boolean): Promise<void> {
  rmSync(join(project, 'dist'), { recursive: true, force: true });
  const files = (isLeftOut ? bundler.filesToLeaveOut : undefined) ?? bundler.files ?? {};
  for (const [name, content] of Object.entries(files)) writeFileSync(join(project, name), content);
  const [tool = '', ...args] = bundler.command;
  if (tool.includes('/')) chmodSync(tool, 0o755);
  const file = tool.includes('/') ? tool : join(bundlers, '.bin', tool);
  await run(file, [...args, ...(isLeftOut ? (bundler.argumentsToLeaveOut ?? []) : [])], project);
}

/** In another folder, with what the whole is shipped with; what was bundled cannot be reached. */
function move(...shipped: readonly string[]): void {
  mkdirSync(away);
  for (const path of ['dist', ...shipped])
    cpSync(join(project, path), join(away, path), { recursive: true });
  renameSync(project, hidden);
}

async function parentTold({ output, runtime = [process.execPath] }: Bundler): Promise<number> {
  const [file = '', ...args] = [...runtime, join(away, 'dist', output)];
  return Number(await run(file, args, away));
}

describe.each(tools)('bundled by $title', (bundler) => {
  it(bundler.isEnough ? 'it works' : 'it tells what to do, and works then', async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    await bundle(bundler, false);
    move();
    if (!bundler.isEnough) {
      const told = await parentTold(bundler).catch(({ message }) => message);
      expect(told).toContain('ERR_ADDON_UNAVAILABLE');
      const advice = told.split('\n').find((line: string) => line.includes(toolOf(bundler)));
      expect(advice?.endsWith(` ${bundler.line}`)).toBe(true);
      const [, command = ''] = /beside the code: (.+)/.exec(told) ?? [];
      await run('sh', ['-c', command], hidden); // where its reader has node_modules
    }
    expect(await parentTold(bundler)).toBe(process.pid);
  });

  // A program that is one file has no folder to find packages from.
  it(
    'it works when the package is left out',
    onlyIf(!bundler.title.includes('compiled'), 'one program holds all that it needs'),
    async ({ skip }) => {
      skip(obstacle !== undefined, obstacle);
      await bundle(bundler, true);
      const packages = ['procseek', 'node-gyp-build'].map((name) => `node_modules/${name}`);
      move(...packages);
      expect(await parentTold(bundler)).toBe(process.pid);
      rmSync(join(away, 'node_modules'), { recursive: true });
      await expect(parentTold(bundler)).rejects.toThrow(/Cannot find (module|package) 'procseek'/);
    },
  );
});

function toolOf({ title }: Bundler): string {
  return title.split(/[ ,]/)[0] ?? '';
}

describe('bundled by Next.js', () => {
  const page = `import { findByPidSync } from 'procseek';
export const dynamic = 'force-dynamic';
export default () => <p>{\`parent \${findByPidSync(process.pid, { fields: ['ppid'] }).ppid}\`}</p>;
`;
  const layout = 'export default ({ children }) => <html><body>{children}</body></html>;\n';

  async function build(option: string): Promise<void> {
    mkdirSync(join(project, 'app'), { recursive: true });
    writeFileSync(join(project, 'app/page.js'), page);
    writeFileSync(join(project, 'app/layout.js'), layout);
    const config = `export default { output: 'standalone', ${option} };\n`;
    writeFileSync(join(project, 'next.config.mjs'), config);
    const env = { NEXT_TELEMETRY_DISABLED: '1' };
    await run(process.execPath, ['node_modules/next/dist/bin/next', 'build'], project, env);
  }

  beforeAll(async () => {
    if (obstacle !== undefined) return;
    remove(project);
    mkdirSync(project);
    await install(project);
    // Copied: the place that a link leads to would be outside of the project for it.
    cpSync(bundlersOfNext, join(project, 'node_modules'), { recursive: true });
  }, 300_000);

  it('the build tells what to do', async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    await expect(build('')).rejects.toThrow(/Next\.js +serverExternalPackages: \['procseek'\]\n/);
  });

  it('it works in a standalone folder when the package is left out', async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    await build("serverExternalPackages: ['procseek']");
    cpSync(join(project, '.next/standalone'), away, {
      recursive: true,
      verbatimSymlinks: true,
    });
    renameSync(project, hidden);
    const port = await freePort();
    const env = { ...process.env, PORT: `${port}`, HOSTNAME: '127.0.0.1' };
    const server = spawn(process.execPath, ['server.js'], { cwd: away, env, stdio: 'ignore' });
    onTestFinished(() => {
      server.kill('SIGKILL');
    });
    const page = () => fetch(`http://127.0.0.1:${port}`).then((answer) => answer.text());
    const text = await until('the server answers', () => page().catch(() => undefined));
    expect(text).toContain(`parent ${process.pid}<`);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('docs/bundlers.md has the line of every tool, and says which need none', () => {
  const rows = readFileSync(join(root, 'docs/bundlers.md'), 'utf8').split('\n');
  for (const bundler of tools) {
    const row = rows.find((line) => line.startsWith('|') && line.includes(toolOf(bundler)));
    expect(row).toContain(`\`${bundler.line}\``);
    expect(row?.includes('by itself')).toBe(bundler.isEnough);
  }
  expect(rows.join('\n')).toMatch(/\| Next\.js .*`serverExternalPackages: \['procseek'\]`/);
});
