/** Where the addon is not found at first sight: no binary that fits, compiled, bundled, packed. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { nodeFileTrace } from '@vercel/nft';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nodeRuntimes } from '../../scripts/runtimes.mjs';
import { install, remove, root, run, temporaryDirectory } from './installed.js';

const project = temporaryDirectory();
const inPackage = (...path: string[]) => join(project, 'node_modules/procseek', ...path);
const target = `${process.platform}-${process.arch}`;

beforeAll(() => install(project));
afterAll(() => remove(project));

/** What a program prints that loads the package and tells its own parent. */
async function parentTold(script: string, cwd = project): Promise<number> {
  return Number(await run(process.execPath, [script], cwd));
}

function writeProgram(name: string, load: string): string {
  const file = join(project, name);
  writeFileSync(
    file,
    `${load}\nconst told = findByPidSync(process.pid, { fields: ['ppid'] });\nconsole.log(told.ppid);\n`,
  );
  return file;
}

describe('without a binary that fits', () => {
  /** The error that loading the package ends with, in the package as `change` leaves it. */
  async function failure(change: () => void): Promise<{ code: string; message: string }> {
    cpSync(inPackage('prebuilds'), join(project, 'kept'), { recursive: true });
    try {
      change();
      const script = `try { require('procseek') } catch ({ code, message }) {
        console.log(JSON.stringify({ code, message })) }`;
      return JSON.parse(await run(process.execPath, ['-e', script], project));
    } finally {
      rmSync(inPackage('prebuilds'), { recursive: true, force: true });
      renameSync(join(project, 'kept'), inPackage('prebuilds'));
    }
  }

  const others = readdirSync(join(root, 'prebuilds')).filter((name) => !name.includes('.'));

  it('one error tells the host, what was tried, and what to do', async () => {
    const { code, message } = await failure(() =>
      rmSync(inPackage('prebuilds', target), { recursive: true }),
    );
    expect(code).toBe('ERR_ADDON_UNAVAILABLE');
    expect(message).toContain(`(${target}, glibc 2.`);
    expect(message).toContain(`Node.js ${process.versions.node}`);
    expect(message).toContain(others.filter((name) => name !== target).join(', '));
    expect(message).toMatch(
      new RegExp(`${inPackage('prebuilds', target)}/.*: there is no such file`),
    );
    const native = JSON.stringify(inPackage('native'));
    expect(message).toContain(`npx node-gyp rebuild --directory ${native}`);
    expect(message).not.toContain('bundled');
  });

  it('a file that the system cannot load is named with its reason', async () => {
    const { code, message } = await failure(() => {
      const [file = ''] = readdirSync(inPackage('prebuilds', target));
      const other = others.find((name) => name !== target && name.startsWith('linux')) ?? '';
      const [wrong = ''] = readdirSync(inPackage('prebuilds', other));
      cpSync(inPackage('prebuilds', other, wrong), inPackage('prebuilds', target, file));
    });
    expect(code).toBe('ERR_ADDON_UNAVAILABLE');
    expect(message).toMatch(/prebuilds.*procseek.*\.node: .+/);
  });

  it('a package without its files says so', async () => {
    const { message } = await failure(() => rmSync(inPackage('prebuilds'), { recursive: true }));
    expect(message).toContain('no platform; is it installed completely?');
  });
});

/** Files that stand where a compiled addon would, and are none that can be used. */
const broken: [what: string, make: (path: string) => void][] = [
  ['an empty file', (path) => writeFileSync(path, '')],
  ['a text', (path) => writeFileSync(path, 'not an addon\n'.repeat(100))],
  ['a directory', (path) => mkdirSync(path)],
  ['a link to nothing', (path) => symlinkSync('/no/such/file', path)],
  [
    // Its head is whole: the dynamic linker would map the rest, which is not there.
    'the first half of an addon',
    (path) => {
      const whole = readFileSync(prebuild());
      writeFileSync(path, whole.subarray(0, whole.length / 2));
    },
  ],
  [
    'an addon for another machine',
    (path) => cpSync(join(root, 'prebuilds/darwin-arm64/procseek.node'), path),
  ],
  ["another package's addon", (path) => cpSync(foreignAddon(), path)],
];

function prebuild(): string {
  const folder = join(root, 'prebuilds', target);
  return join(folder, readdirSync(folder)[0] ?? '');
}

/** One that comes with the tools that the tests are run by. */
function foreignAddon(): string {
  const folder = join(root, 'node_modules/@rolldown');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const file = files.find((name) => name.endsWith('.node'));
  if (file === undefined) throw new Error(`there is no addon in ${folder}`);
  return join(folder, file);
}

describe.each(['build', 'native/build'])('with something else in %s', (build) => {
  afterEach(() => rmSync(inPackage(build), { recursive: true, force: true }));

  it.each(broken)('loads the prebuild: %s', async (_, make) => {
    const script = writeProgram('fallback.cjs', "const { findByPidSync } = require('procseek');");
    for (const kind of ['Release', 'Debug']) {
      mkdirSync(inPackage(build, kind), { recursive: true });
      make(inPackage(build, kind, 'other.node'));
      expect(await parentTold(script)).toBe(process.pid);
      make(inPackage(build, kind, 'procseek.node'));
      expect(await parentTold(script)).toBe(process.pid);
    }
  });

  it('tells why neither that nor the prebuild can be loaded, and runs neither', async () => {
    mkdirSync(inPackage(build, 'Release'), { recursive: true });
    cpSync(foreignAddon(), inPackage(build, 'Release/procseek.node'));
    renameSync(inPackage('prebuilds'), join(project, 'kept'));
    try {
      const { message, opened } = await attempt();
      expect(message).toContain(
        `${inPackage(build, 'Release/procseek.node')}: this is not the addon of this version`,
      );
      expect(message).toMatch(/prebuilds.*procseek.*\.node: there is no such file/);
      expect(opened).toEqual([]);
    } finally {
      renameSync(join(project, 'kept'), inPackage('prebuilds'));
    }
  });

  it("takes the prebuild rather than what was compiled from another version's sources", async () => {
    mkdirSync(inPackage(build, 'Release'), { recursive: true });
    writeFileSync(inPackage(build, 'Release/procseek.node'), ofAnotherVersion());
    expect(await attempt()).toEqual({ message: '', opened: [inInstalledPrebuilds()] });
  });
});

function inInstalledPrebuilds(): string {
  return inPackage('prebuilds', target, basename(prebuild()));
}

/** The addon with another hash of its sources, which it is known by. */
function ofAnotherVersion(): Buffer {
  const file = readFileSync(prebuild());
  const { sourceHash }: { sourceHash: string } = createRequire(import.meta.url)(prebuild());
  for (let at = file.indexOf(sourceHash); at !== -1; at = file.indexOf(sourceHash))
    file.fill('0', at, at + sourceHash.length);
  return file;
}

/** What loading the package came to, and which addons were run for it. */
async function attempt(
  env: NodeJS.ProcessEnv = {},
  script = `require('procseek')`,
): Promise<{ message: string; opened: string[] }> {
  const observed = `const opened = [];
    const { dlopen } = process;
    process.dlopen = (addon, path) => (opened.push(path), dlopen.call(process, addon, path));
    let message = '';
    try { ${script} } catch (error) { message = error.message }
    console.log(JSON.stringify({ message, opened }));`;
  return JSON.parse(await run(process.execPath, ['-e', observed], project, env));
}

describe('with something else in the place of the prebuild', () => {
  const path = inInstalledPrebuilds();
  afterEach(() => {
    rmSync(path, { recursive: true, force: true });
    cpSync(prebuild(), path);
  });

  it.each(broken)('tells so: %s', async (_, make) => {
    rmSync(path);
    make(path);
    const { message, opened } = await attempt();
    expect(message).toContain(`    ${path}: `);
    expect(opened.length).toBeLessThan(2); // not once more, without looking at it
  });
});

describe('with PROCSEEK_ADDON', () => {
  it('the addon that it names is loaded, and no other', async () => {
    const path = join(project, 'elsewhere.node');
    cpSync(prebuild(), path);
    expect(await attempt({ PROCSEEK_ADDON: path })).toEqual({ message: '', opened: [path] });
    // Relative to the working directory, as paths in the environment are.
    expect(await attempt({ PROCSEEK_ADDON: 'elsewhere.node' })).toMatchObject({ opened: [path] });
  });

  it.each(broken)('nothing is loaded in its stead: %s', async (what, make) => {
    const path = join(project, `${what.replaceAll(/\W+/g, '-')}.node`);
    make(path);
    const { message, opened } = await attempt({ PROCSEEK_ADDON: path });
    expect(opened.filter((opening) => opening !== path)).toEqual([]);
    expect(message).toContain(`    ${path}: `);
    expect(message).toContain('That is what PROCSEEK_ADDON says');
  });
});

it.each([['--no-addons'], ['--permission', '--allow-fs-read=*']])(
  'says which option of Node.js refuses addons: %s',
  async (...options) => {
    const runtime = nodeRuntimes().find(({ major }) => major === 24); // with --permission
    const script =
      "try { require('procseek') } catch ({ code, message }) { console.log(code, message) }";
    const told = await run(runtime?.path ?? '', [...options, '-e', script], project);
    expect(told).toMatch(/^ERR_ADDON_UNAVAILABLE/);
    expect(told).toContain('--allow-addons');
    expect(told).not.toContain('node-gyp');
  },
);

const options = { bundle: true, platform: 'node', logLevel: 'error' } as const;

it.each(['6', '7'])('ARMv%s is given no addon for another one', async (version) => {
  const script = `
    const set = (name, value) => Object.defineProperty(process, name, { value });
    set('arch', 'arm');
    set('config', { variables: { arm_version: '${version}' } });
    set('dlopen', () => { throw new Error('refused'); });
    try { require('procseek') } catch ({ message }) { console.log(message) }`;
  const message = await run(process.execPath, ['-e', script], project);
  const tried = [...message.matchAll(/^ {4}(\S+\.node): /gm)].map(([, path]) => path);
  expect(tried).toEqual([inPackage(`prebuilds/linux-arm/procseek.armv${version}.node`)]);
});

describe.each(['cjs', 'esm'] as const)('bundled by esbuild, format %s', (format) => {
  const away = temporaryDirectory();
  const outfile = join(away, `dist/app.${format === 'esm' ? 'mjs' : 'cjs'}`);
  beforeAll(async () => {
    const entry = writeProgram('bundled.mjs', "import { findByPidSync } from 'procseek';");
    await build({ ...options, format, entryPoints: [entry], outfile });
  });
  afterEach(() => {
    for (const made of ['dist/prebuilds', 'prebuilds', 'build', 'node_modules'])
      rmSync(join(away, made), { recursive: true, force: true });
  });
  afterAll(() => remove(away));

  it('tells to copy the addons, or to leave the package out', async () => {
    await expect(parentTold(outfile, away)).rejects.toThrow(
      `cp -r node_modules/procseek/prebuilds ${JSON.stringify(join(away, 'dist'))}\n`,
    );
    await expect(parentTold(outfile, away)).rejects.toThrow(/esbuild +--external:procseek\n/);
  });

  it.each(['dist', '.'])('works with prebuilds/ in the folder %s', async (folder) => {
    cpSync(inPackage('prebuilds'), join(away, folder, 'prebuilds'), { recursive: true });
    expect(await parentTold(outfile, away)).toBe(process.pid);
  });

  it('works where it can reach the installed package', async () => {
    mkdirSync(join(away, 'node_modules'));
    cpSync(inPackage(), join(away, 'node_modules/procseek'), { recursive: true });
    expect(await parentTold(outfile, away)).toBe(process.pid);
  });

  it('works with the addon that PROCSEEK_ADDON names', async () => {
    const told = await run(process.execPath, [outfile], away, { PROCSEEK_ADDON: prebuild() });
    expect(Number(told)).toBe(process.pid);
  });

  it("never takes another package's addon, or another version's", async () => {
    for (const folder of ['build/Release', `prebuilds/${target}`, `dist/prebuilds/${target}`]) {
      mkdirSync(join(away, folder), { recursive: true });
      cpSync(foreignAddon(), join(away, folder, 'other.node'));
      cpSync(foreignAddon(), join(away, folder, basename(prebuild())));
    }
    await expect(parentTold(outfile, away)).rejects.toThrow(
      'this is not the addon of this version',
    );
    for (const folder of ['build/Release', `prebuilds/${target}`])
      writeFileSync(join(away, folder, basename(prebuild())), ofAnotherVersion());
    await expect(parentTold(outfile, away)).rejects.toThrow(
      'this is not the addon of this version',
    );
  });

  it('is told by the permission model which folder it has to be allowed', async () => {
    cpSync(inPackage('prebuilds'), join(away, 'dist/prebuilds'), { recursive: true });
    const runtime = nodeRuntimes().find(({ major }) => major === 24);
    const start = (...allowed: string[]) => {
      const reads = allowed.map((path) => `--allow-fs-read=${path}`);
      return run(runtime?.path ?? '', ['--permission', '--allow-addons', ...reads, outfile], away);
    };
    const advice = /--allow-fs-read=FOLDER.*\n.* in: (.+)/;
    await expect(start(outfile)).rejects.toThrow(advice);
    await expect(start(outfile)).rejects.toThrow(JSON.stringify(join(away, 'dist/prebuilds')));
    expect(Number(await start(outfile, join(away, 'dist/*')))).toBe(process.pid);
  });
});

it('brings its addons along where a tracer picks the files that a program needs', async () => {
  // As Next.js, Nitro, SvelteKit and others do, for servers and functions.
  const entry = writeProgram('traced.cjs', "const { findByPidSync } = require('procseek');");
  const { fileList } = await nodeFileTrace([entry], { base: project });
  const away = temporaryDirectory();
  try {
    for (const file of fileList) cpSync(join(project, file), join(away, file), { recursive: true });
    expect(await parentTold(join(away, 'traced.cjs'), away)).toBe(process.pid);
    expect(fileList).not.toContain('node_modules/procseek/native/binding.gyp');
  } finally {
    remove(away);
  }
});

it('is loaded by a single executable application, from inside and from the files beside it', async () => {
  const entry = join(project, 'sea.cjs');
  writeFileSync(
    entry,
    `const { createRequire } = require('node:module');
    // Its own require() knows the built-in modules alone.
    for (const { findByPidSync } of [require('procseek'), createRequire(process.execPath)('procseek')])
      console.log(findByPidSync(process.pid, { fields: ['ppid'] }).ppid);`,
  );
  const main = join(project, 'sea-bundle.cjs');
  await build({ ...options, entryPoints: [entry], outfile: main });
  mkdirSync(join(project, 'bin'));
  const output = join(project, 'bin/app');
  writeFileSync(
    join(project, 'sea.json'),
    JSON.stringify({ main, output, disableExperimentalSEAWarning: true }),
  );
  const runtime = nodeRuntimes().find(({ major }) => major >= 26); // the first with --build-sea
  await run(runtime?.path ?? '', ['--build-sea', 'sea.json'], project);
  cpSync(inPackage('prebuilds'), join(project, 'prebuilds'), { recursive: true });
  expect(await run(output, [], project)).toBe(`${process.pid}\n${process.pid}\n`);
  renameSync(join(project, 'prebuilds'), join(project, 'bin/prebuilds'));
  expect(await run(output, [], project)).toBe(`${process.pid}\n${process.pid}\n`);
}, 120_000);

it('is compiled by node-gyp from what the tarball holds', async () => {
  const gyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  const prefix = join(process.execPath, '../..');
  const headers = { npm_config_nodedir: prefix };
  // As the error has it, and docs/platforms.md.
  const args = [gyp, 'rebuild', '--silent', '--directory', inPackage('native')];
  await run(process.execPath, args, project, headers);
  renameSync(inPackage('prebuilds'), join(project, 'unused'));
  const script = writeProgram('compiled.cjs', "const { findByPidSync } = require('procseek');");
  expect(await parentTold(script)).toBe(process.pid);
  const built: { sourceHash: string } = createRequire(script)(
    inPackage('native/build/Release/procseek.node'),
  );
  expect(built.sourceHash).toBe(
    (await run(process.execPath, ['native/source_hash.js'], root)).trim(),
  );
}, 600_000);
