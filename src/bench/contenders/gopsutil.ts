/** gopsutil, which takes a Go toolchain and its sources: nothing is downloaded. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { ExternalContender } from '../contender.js';
import { questionIds } from '../report.js';
import { asset } from './asset.js';

const run = promisify(execFile);

const modulePath = 'github.com/shirou/gopsutil';
/** As the sources import it; newer major versions have a path of their own. */
const plainImport = `${modulePath}/process`;
const versions = ['/v4', '/v3', ''];

/** Where Debian puts the sources of its Go packages. */
const debianPath = '/usr/share/gocode';
const debianPackage = 'golang-github-shirou-gopsutil-dev';

interface Build {
  program: string;
  version: string;
  remove(): void;
}

class Go {
  readonly #directory: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal | undefined;

  constructor(directory: string, env: NodeJS.ProcessEnv, signal: AbortSignal | undefined) {
    this.#directory = directory;
    this.#signal = signal;
    this.#env = { ...process.env, GOFLAGS: '', GOTOOLCHAIN: 'local', GOPROXY: 'off', ...env };
  }

  async run(...args: string[]): Promise<string> {
    const options = { cwd: this.#directory, env: this.#env, signal: this.#signal };
    const { stdout } = await run('go', args, options);
    return stdout.trim();
  }

  /** Compiles the program against the module of this path. */
  async build(path: string): Promise<void> {
    const source = readFileSync(asset('gopsutil.go'), 'utf8');
    const main = join(this.#directory, 'main.go');
    writeFileSync(main, source.replace(`"${plainImport}"`, `"${path}/process"`));
    await this.run('build', '-o', 'gopsutil', 'main.go');
  }
}

/** The sources in a GOPATH, where Debian's packages and those who use no modules have them. */
async function buildFromPath(directory: string, signal?: AbortSignal): Promise<string> {
  const path = await new Go(directory, {}, signal).run('env', 'GOPATH');
  const env = { GO111MODULE: 'off', GOPATH: [debianPath, path].join(delimiter) };
  const go = new Go(directory, env, signal);
  for (const version of versions) {
    const found = await go
      .run('list', '-f', '{{.Dir}}', `${modulePath}${version}/process`)
      .catch(() => undefined);
    if (found === undefined) continue;
    await go.build(modulePath + version);
    return found.startsWith(debianPath) ? debianVersion() : 'unknown';
  }
  throw new Error(`no ${modulePath} in ${env.GOPATH}`);
}

async function debianVersion(): Promise<string> {
  try {
    const { stdout } = await run('dpkg-query', ['-W', '-f', `\${Version}`, debianPackage]);
    return stdout.trim();
  } catch {
    return 'unknown';
  }
}

/** The modules that were downloaded earlier: the cache is laid out like a proxy. */
async function buildFromModules(directory: string, signal?: AbortSignal): Promise<string> {
  const cache = await new Go(directory, {}, signal).run('env', 'GOMODCACHE');
  const env = {
    GO111MODULE: 'on',
    GOFLAGS: '-mod=mod',
    GOPROXY: `file://${cache}/cache/download`,
    GOSUMDB: 'off',
  };
  const go = new Go(directory, env, signal);
  await go.run('mod', 'init', 'benchmark');
  for (const version of versions) {
    const path = modulePath + version;
    const isThere = await go.run('get', path).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    await go.build(path);
    return go.run('list', '-m', '-f', '{{.Version}}', path);
  }
  throw new Error(`no ${modulePath} in ${cache}`);
}

async function build(signal?: AbortSignal): Promise<Build> {
  const toolchain = await run('go', ['env', 'GOVERSION'], { signal }).catch(() => {
    throw new Error('there is no Go toolchain: go is not on PATH');
  });
  const directory = mkdtempSync(join(tmpdir(), 'procseek-gopsutil-'));
  const remove = () => {
    process.off('exit', remove);
    rmSync(directory, { recursive: true, force: true });
  };
  process.on('exit', remove); // whether or not there was time to dispose of it
  try {
    const version = await buildFromPath(directory, signal).catch((inPath: Error) =>
      buildFromModules(directory, signal).catch((inModules: Error) => {
        throw new Error(`${reason(inPath)}; ${reason(inModules)}`);
      }),
    );
    const built = `${version} (${toolchain.stdout.trim()})`;
    return { program: join(directory, 'gopsutil'), version: built, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** In one line, and without the command that Node.js puts in front. */
function reason(error: Error): string {
  return error.message
    .replace(/^Command failed: .*\n/, '')
    .trim()
    .replace(/\s*\n\s*/g, ', ');
}

/** One program for both contenders, kept until none of them needs it. */
let current: Promise<Build> | undefined;
let users = 0;

async function acquire(signal?: AbortSignal): Promise<Build & { dispose(): void }> {
  users++;
  current ??= build(signal);
  const mine = current;
  let isHeld = true;
  const release = () => {
    if (!isHeld) return false;
    isHeld = false;
    if (--users === 0) current = undefined;
    return users === 0;
  };
  try {
    const built = await mine;
    const dispose = () => {
      if (release()) built.remove();
    };
    return { ...built, dispose };
  } catch (error) {
    release();
    throw error;
  }
}

export const gopsutil: ExternalContender = {
  id: 'gopsutil',
  title: 'gopsutil',
  questions: questionIds,
  async prepare(signal) {
    const { program, version, dispose } = await acquire(signal);
    return { command: program, args: [], version, dispose };
  },
};

export const gopsutilStory: ExternalContender = {
  id: 'gopsutil-story',
  title: 'gopsutil, the whole table, then a match',
  questions: ['pid'],
  async prepare(signal) {
    const { program, version, dispose } = await acquire(signal);
    return { command: program, args: ['story'], version, dispose };
  },
};
