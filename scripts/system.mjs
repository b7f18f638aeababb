/** Programs that the tests and gates use and npm does not bring. */
import { existsSync } from 'node:fs';
import { messageOf, runQuietly, say, succeeds } from './run.mjs';

const onPath = (program) => () => succeeds('sh', ['-c', `command -v ${program}`]);

/** For each Debian package: whether what we want of it is there already. */
const testTools = {
  'doctest-dev': () => existsSync('/usr/include/doctest/doctest.h'),
  strace: onPath('strace'),
  procps: onPath('pgrep'),
  'sysvinit-utils': onPath('pidof'),
  // The system's own Python, whichever python3 comes first on PATH.
  'python3-psutil': () => succeeds('/usr/bin/python3', ['-c', 'import psutil']),
};

/** What `node-gyp` needs to compile. */
const compiler = {
  'g++': onPath('c++'),
  make: onPath('make'),
  python3: onPath('python3'),
};

const gateTools = {
  'clang-format': onPath('clang-format'),
};

/** What turns programs for the kernel into headers. */
const bpfTools = {
  clang: onPath('clang'),
  llvm: onPath('llvm-strip'),
  bpftool: onPath('bpftool'),
  lz4: onPath('lz4'),
  'libbpf-dev': () => existsSync('/usr/include/bpf/bpf_helpers.h'),
};

export function hasCompiler() {
  return missing(compiler).length === 0;
}

export function installTestTools() {
  install(missing(testTools));
}

export function installBuildTools() {
  install(missing({ ...compiler, ...gateTools }));
}

/** Debian packages, each with a file of it that tells whether it is there. */
export function installPackages(fileOf) {
  const tools = Object.entries(fileOf).map(([name, file]) => [name, () => existsSync(file)]);
  install(missing(Object.fromEntries(tools)));
}

export function installBpfTools() {
  install(missing(bpfTools));
}

function missing(tools) {
  return Object.keys(tools).filter((name) => !tools[name]());
}

/** Only root installs. An ordinary user is told the command; sudo is not used, as it may ask for a password. */
function install(packages) {
  if (packages.length === 0) return;
  const all = packages.join(' ');
  const hasApt = existsSync('/usr/bin/apt-get');
  if (process.getuid?.() !== 0 || !hasApt) {
    const remedy = hasApt ? `; as root: apt-get install ${all}` : '';
    return say(`Tests that need these are skipped: ${all}${remedy}`);
  }
  say(`Installing Debian's ${all} for the tests, with apt-get …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    runQuietly('apt-get', ['-qq', 'update'], { env });
    runQuietly('apt-get', ['-qq', 'install', '--yes', '--no-install-recommends', ...packages], {
      env,
    });
  } catch (error) {
    say(`Tests that need these are skipped: ${all} (${messageOf(error)})`);
  }
}
