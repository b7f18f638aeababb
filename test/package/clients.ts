/** Projects in which procseek is installed by one package manager or another, without a compiler. */
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PackageManager } from '../../scripts/clients.mjs';

export interface Client {
  readonly title: string;
  readonly name: string;
  readonly major: number;
  /** How Yarn lays packages out. */
  readonly linker?: string;
}

export const clients: readonly Client[] = [
  { title: 'npm 10', name: 'npm', major: 10 },
  { title: 'npm 11', name: 'npm', major: 11 },
  { title: 'npm 12', name: 'npm', major: 12 },
  { title: 'pnpm 8', name: 'pnpm', major: 8 },
  { title: 'pnpm 9', name: 'pnpm', major: 9 },
  { title: 'pnpm 10', name: 'pnpm', major: 10 },
  { title: 'pnpm 11', name: 'pnpm', major: 11 },
  { title: 'pnpm 12', name: 'pnpm', major: 12 },
  { title: 'Yarn 1', name: 'yarn', major: 1 },
  { title: 'Yarn 4, node-modules', name: 'yarn', major: 4, linker: 'node-modules' },
  { title: 'Yarn 4, PnP', name: 'yarn', major: 4, linker: 'pnp' },
  { title: 'Yarn 4, pnpm', name: 'yarn', major: 4, linker: 'pnpm' },
  { title: 'Bun', name: 'bun', major: 1 },
  { title: 'Deno', name: 'deno', major: 2 },
];

/** How to ask for the packages that have scripts to be run when they are installed. */
const listings: Readonly<Record<string, readonly string[]>> = {
  'npm 11': ['install-scripts', 'ls'],
  'npm 12': ['install-scripts', 'ls'],
  'pnpm 10': ['ignored-builds'],
  'pnpm 11': ['ignored-builds'],
  'pnpm 12': ['ignored-builds'],
  Bun: ['pm', 'untrusted'],
};

/** Told of a run: everything that it printed, and whether it failed. */
export interface Outcome {
  readonly code: number;
  readonly printed: string;
}

/** Loads the package, asks it, and tells whether anything was compiled. */
const check = `const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { findByPidSync } = require('procseek');
const directory = dirname(require.resolve('procseek/package.json'));
const built = ['build', 'native/build'].filter((path) => existsSync(join(directory, path)));
console.log(JSON.stringify({ ppid: findByPidSync(process.pid).ppid, built }));
`;

/** Programs of a system that has neither a compiler nor make nor Python. */
const programs = ['sh', 'cat', 'dirname', 'env', 'ls', 'mkdir', 'rm', 'sed', 'tar', 'uname'];

/** One project of one client, with a home directory of its own. */
export class Project {
  readonly #directory: string;
  readonly #client: Client;
  readonly #manager: PackageManager;
  readonly #node: string;
  readonly #env: NodeJS.ProcessEnv;

  /**
   * In an empty directory; `specifier` is what the project depends on procseek by, and whether it may
   * run scripts when it is installed.
   */
  constructor(
    directory: string,
    client: Client,
    manager: PackageManager,
    node: string,
    registry: string,
    specifier: string,
    isTrusted: boolean,
  ) {
    this.#directory = join(directory, 'project');
    this.#client = client;
    this.#manager = manager;
    this.#node = node;
    const path = join(directory, 'bin');
    const home = join(directory, 'home');
    for (const made of [this.#directory, path, home]) mkdirSync(made, { recursive: true });
    for (const program of programs) symlinkSync(`/bin/${program}`, join(path, program));
    symlinkSync(node, join(path, 'node'));
    this.#env = {
      PATH: path,
      HOME: home,
      TMPDIR: home,
      CC: '/bin/false',
      CXX: '/bin/false',
      DENO_DIR: join(home, 'deno'),
      DENO_NO_UPDATE_CHECK: '1',
      YARN_ENABLE_GLOBAL_CACHE: '0',
      YARN_ENABLE_TELEMETRY: '0',
      NO_UPDATE_NOTIFIER: '1',
    };
    this.#write('package.json', JSON.stringify(this.#manifest(specifier, isTrusted)));
    this.#write('check.cjs', check);
    this.#configure(registry, isTrusted);
  }

  #write(name: string, content: string): void {
    writeFileSync(join(this.#directory, name), content);
  }

  #manifest(specifier: string, isTrusted: boolean): object {
    const { name, major } = this.#client;
    return {
      name: 'project',
      version: '1.0.0',
      private: true,
      dependencies: { procseek: specifier },
      ...(isTrusted && {
        allowScripts: { procseek: true }, // npm 11 and 12
        trustedDependencies: ['procseek'], // Bun
        ...(name === 'pnpm' && major < 11 && { pnpm: { onlyBuiltDependencies: ['procseek'] } }),
      }),
    };
  }

  #configure(registry: string, isTrusted: boolean): void {
    const { name, major, linker } = this.#client;
    this.#write('.npmrc', `registry=${registry}/\n`);
    if (name === 'pnpm' && major >= 11 && isTrusted)
      this.#write('pnpm-workspace.yaml', 'allowBuilds:\n  procseek: true\n');
    if (linker === undefined) return;
    this.#write(
      '.yarnrc.yml',
      `nodeLinker: ${linker}
${isTrusted ? 'enableScripts: true' : ''}
npmRegistryServer: '${registry}'
unsafeHttpWhitelist: ['127.0.0.1']
npmMinimalAgeGate: 0
`,
    );
    this.#write('yarn.lock', ''); // the project is one of its own
  }

  async #run(args: readonly string[]): Promise<Outcome> {
    const { file, isScript } = this.#manager;
    if (!isScript) chmodSync(file, 0o755);
    const [program, ...rest] = isScript ? [this.#node, file, ...args] : [file, ...args];
    return new Promise((resolve) => {
      const options = { cwd: this.#directory, env: this.#env, timeout: 120_000 };
      execFile(program, rest, options, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error ? -1 : 0;
        resolve({ code, printed: `${args.join(' ')}\n${stdout}${stderr}` });
      });
    });
  }

  /** Without a lockfile. */
  install(): Promise<Outcome> {
    return this.#run(['install']);
  }

  /** As on another machine, with the lockfile of the first install, or of another client. */
  installLocked(): Promise<Outcome> {
    this.#clear();
    const { name, major } = this.#client;
    if (name === 'npm') return this.#run(['ci']);
    if (name === 'deno') return this.#run(['install', '--frozen']);
    const isModern = major >= 4 && name === 'yarn';
    return this.#run(['install', isModern ? '--immutable' : '--frozen-lockfile']);
  }

  /** Likewise, with whatever lockfile is there, which may be written anew. */
  installAgain(): Promise<Outcome> {
    this.#clear();
    return this.#run(['install']);
  }

  /** Undefined where the client has no such option. */
  async installWithoutScripts(): Promise<Outcome | undefined> {
    const { name, major } = this.#client;
    if (name === 'deno') return undefined; // runs none
    this.#clear();
    if (name !== 'yarn' || major < 4) return this.#run(['install', '--ignore-scripts']);
    return this.#run(['install', '--mode', 'skip-build']);
  }

  /** What the client tells of packages that want to run scripts; undefined where it tells nothing. */
  async listScripts(): Promise<Outcome | undefined> {
    const listing = listings[this.#client.title];
    return listing && this.#run(listing);
  }

  /** Takes another project's lockfile over, if it has one by this name. */
  takeLockfile(name: string, other: Project): void {
    cpSync(join(other.#directory, name), join(this.#directory, name));
  }

  #clear(): void {
    for (const made of ['node_modules', '.pnp.cjs', '.yarn'])
      rmSync(join(this.#directory, made), { recursive: true, force: true });
  }

  /** All ways to install, each to succeed after the ones before it. */
  steps(): (() => Promise<Outcome | undefined>)[] {
    const { name } = this.#client;
    return [
      () => this.install(),
      () => this.installLocked(),
      ...(name === 'npm' ? [() => this.install(), () => this.#run(['rebuild'])] : []),
      () => this.installWithoutScripts(),
    ];
  }

  /** What a program that loads the package comes to with these permissions of Deno. */
  runByDeno(...permissions: readonly string[]): Promise<Outcome> {
    this.#write('load.mjs', "import { findByPidSync } from 'procseek';\nfindByPidSync(1);\n");
    return this.#run(['run', '--no-prompt', ...permissions, 'load.mjs']);
  }

  /** Whether the package answers, and what of it was compiled. */
  async use(): Promise<{ isRight: boolean; built: string[] }> {
    const args = this.#client.linker === 'pnp' ? ['-r', './.pnp.cjs', 'check.cjs'] : ['check.cjs'];
    return new Promise((resolve, reject) => {
      const options = { cwd: this.#directory, env: this.#env };
      execFile(this.#node, args, options, (error, stdout, stderr) => {
        if (error) reject(new Error(`${dirname(this.#directory)}: ${stderr}`));
        const { ppid, built } = JSON.parse(stdout);
        resolve({ isRight: ppid === process.pid, built });
      });
    });
  }
}
