/**
 * The runtimes on the targets: how to get each, and how it runs a script. `addon` is the prebuild
 * that it has to load.
 */
import { join } from 'node:path';
import { nodeRuntimes } from '../../scripts/runtimes.mjs';
import { npmPackage } from './install.mjs';

const x64 = 'prebuilds/linux-x64/procseek.node';

function node(major) {
  return {
    id: `node-${major}`,
    name: `linux-x64 · Node.js ${major}`,
    addon: x64,
    prepare: () => ({ command: [nodeRuntimes().find((one) => one.major === major).path] }),
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
];
