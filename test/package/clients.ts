/** Projects in which procseek is installed by one package manager or another, without a compiler. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  { title: 'Yarn 1', name: 'yarn', major: 1 },
  { title: 'Yarn 4, node-modules', name: 'yarn', major: 4, linker: 'node-modules' },
  { title: 'Yarn 4, PnP', name: 'yarn', major: 4, linker: 'pnp' },
  { title: 'Bun', name: 'bun', major: 1 },
];

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

  /** In an empty directory; `specifier` is what the project depends on procseek by. */
  constructor(
    directory: string,
    client: Client,
    manager: PackageManager,
    node: string,
    registry: string,
    specifier: string,
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
      YARN_ENABLE_GLOBAL_CACHE: '0',
      YARN_ENABLE_TELEMETRY: '0',
      NO_UPDATE_NOTIFIER: '1',
    };
    this.#write('package.json', JSON.stringify(this.#manifest(specifier)));
    this.#write('check.cjs', check);
    this.#configure(registry);
  }

  #write(name: string, content: string): void {
    writeFileSync(join(this.#directory, name), content);
  }

  /** Install scripts of procseek are allowed, for it to show that there are none. */
  #manifest(specifier: string): object {
    const { name, major } = this.#client;
    return {
      name: 'project',
      version: '1.0.0',
      private: true,
      dependencies: { procseek: specifier },
      allowScripts: { procseek: true }, // npm 11 and 12
      trustedDependencies: ['procseek'], // Bun
      ...(name === 'pnpm' && major < 11 && { pnpm: { onlyBuiltDependencies: ['procseek'] } }),
    };
  }

  #configure(registry: string): void {
    const { name, major, linker } = this.#client;
    this.#write('.npmrc', `registry=${registry}/\n`);
    if (name === 'pnpm' && major >= 11)
      this.#write('pnpm-workspace.yaml', 'allowBuilds:\n  procseek: true\n');
    if (linker === undefined) return;
    this.#write(
      '.yarnrc.yml',
      `nodeLinker: ${linker}
enableScripts: true
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

  /** As on another machine, with the lockfile of the first install. */
  installLocked(): Promise<Outcome> {
    for (const made of ['node_modules', '.pnp.cjs', '.yarn'])
      rmSync(join(this.#directory, made), { recursive: true, force: true });
    const { name, major } = this.#client;
    if (name === 'npm') return this.#run(['ci']);
    return this.#run([
      'install',
      major >= 4 && name === 'yarn' ? '--immutable' : '--frozen-lockfile',
    ]);
  }

  /** All ways to install, each to succeed after the ones before it. */
  steps(): (() => Promise<Outcome>)[] {
    const inTurn = [() => this.install(), () => this.installLocked()];
    if (this.#client.name !== 'npm') return inTurn;
    return [...inTurn, () => this.install(), () => this.#run(['rebuild'])];
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
