/** musl for any processor, and the addon loaded on it by a host that brings nothing else. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot, output } from '../../scripts/run.mjs';
import { nodeRuntimes } from '../../scripts/runtimes.mjs';
import { debianFiles, debianPackages } from './install.mjs';

const processors = {
  x64: { debian: 'amd64', musl: 'x86_64-linux-musl', compiler: 'gcc', runner: [] },
  arm64: {
    debian: 'arm64',
    musl: 'aarch64-linux-musl',
    compiler: 'aarch64-linux-gnu-gcc',
    runner: ['/usr/bin/qemu-aarch64-static'],
  },
  arm: {
    debian: 'armhf',
    musl: 'arm-linux-musleabihf',
    compiler: 'arm-linux-gnueabihf-gcc',
    runner: ['/usr/bin/qemu-arm-static', '-cpu', 'cortex-a8'],
  },
};

/** Its loader, which runs programs, and a compiler for it, which is that of glibc set right. */
export function musl(processor) {
  const { debian, musl, compiler, runner } = processors[processor];
  debianPackages({
    [compiler === 'gcc' ? compiler : `gcc-${compiler.replace(/-gcc$/, '')}`]:
      `/usr/bin/${compiler}`,
    ...(runner.length > 0 ? { 'qemu-user-static': runner[0] } : {}),
  });
  const files = debianFiles('bookworm', debian, ['musl', 'musl-dev']);
  const library = join(files, 'usr/lib', musl);
  const loader = join(files, 'lib', musl, 'libc.so'); // and the library
  const own = dirname(output(compiler, ['-print-libgcc-file-name']).trim());
  const compile = (source, outfile, flags) => {
    const headers = ['-nostdinc', '-isystem', join(files, 'usr/include', musl)];
    const start = flags.includes('-shared') ? 'crti.o' : 'Scrt1.o crti.o';
    output(compiler, [
      ...headers,
      ...['-isystem', join(own, 'include'), '-O1', '-fPIC', '-nostdlib', '-nostartfiles'],
      ...start.split(' ').map((name) => join(library, name)),
      ...[source, ...flags, '-o', outfile],
      ...[loader, '-lgcc', join(library, 'crtn.o')],
    ]);
    return outfile;
  };
  return { loader: [...runner, loader], compile };
}

/** Has stub_host.c try the addon. */
export function tryOnMusl(processor) {
  const { loader, compile } = musl(processor);
  return {
    check(addon) {
      const host = compileHost(processor, compile);
      const [file, ...args] = [...loader, host, addon];
      const options = { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' };
      const { stdout, stderr, status, signal, error } = spawnSync(file, args, options);
      const said = (word) => stdout.split('\n').filter((line) => line.startsWith(`${word}: `));
      const failures = said('FAILED').map((name) => ({ name, message: stdout }));
      if (status !== 0 && failures.length === 0) {
        const message = `${error?.message ?? signal ?? status}\n${stdout}${stderr}`;
        failures.push({ name: 'the host ended', message });
      }
      return { passed: said('passed').length, skipped: [], failures };
    },
  };
}

function compileHost(processor, compile) {
  const directory = inRoot('.cache/platforms/hosts');
  mkdirSync(directory, { recursive: true });
  const include = join(dirname(dirname(nodeRuntimes()[0].path)), 'include/node');
  const flags = ['-I', include, '-Wl,--export-dynamic', '-pie'];
  return compile(inRoot('test/platforms/stub_host.c'), join(directory, processor), flags);
}
