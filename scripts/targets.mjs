/** What there are prebuilds for, and how each is compiled on a Linux host. */
import { readFileSync } from 'node:fs';
import { inRoot } from './run.mjs';

const language = [
  ...['-std=c++17', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-DNAPI_VERSION=8'],
  ...['-Wall', '-Wextra', '-Werror'],
];

/** Small rather than fast: nearly all of the time is the system's. */
const small = [
  ...['-Os', '-flto', '-flto-partition=one', '-ffunction-sections', '-fdata-sections'],
  ...['-fno-asynchronous-unwind-tables', '-fno-unwind-tables'],
];

const linker = (...options) => `-Wl,${options.join(',')}`;

/**
 * What glibc 2.17 and musl 1.1, and all later ones, have in common: the same structs and constants
 * behind the same names. Not stat(2), readdir(3) or pthread_cond_wait(3), for example.
 */
const libc = `
  __errno_location __stack_chk_fail __stack_chk_guard __tls_get_addr abort access bind calloc
  clock_gettime close epoll_create1 epoll_ctl epoll_wait eventfd free getpid getpwuid_r getrusage
  getsockopt ioctl kill malloc memchr memcmp memcpy memmove memrchr memset mmap munmap nanosleep open
  openat poll pthread_attr_destroy pthread_attr_init pthread_attr_setstacksize pthread_create
  pthread_join pthread_mutex_destroy pthread_mutex_lock pthread_mutex_unlock raise read readlink
  readlinkat realloc recvfrom send setsockopt snprintf socket strlen strncpy strnlen syscall sysconf
  uname waitid write`;

const words = (text) => text.trim().split(/\s+/);

/** Runs with glibc and with musl: needs neither by name, nor a version of any symbol. */
function linux(triplet, machine, { tag = '', flags = [] } = {}) {
  const strict = ['-nostdlib', linker('--version-script=native/freestanding/exports.map')];
  const hard = [linker('-z,relro', '-z,now', '-z,noexecstack'), '-fstack-protector'];
  const plain = [linker('--gc-sections', '--build-id=none', '--hash-style=gnu'), '-s'];
  return {
    os: 'linux',
    file: `procseek${tag}.node`,
    machine,
    allowed: { libraries: [], imports: words(libc) },
    isExecuted: true,
    compiler: `${triplet}-g++`,
    packages: [`g++-${triplet.replace('_', '-')}`],
    flags: [...language, ...small, '-fPIC', '-shared', ...flags, ...strict, ...hard, ...plain],
    libraries: ['-lgcc'],
  };
}

export const targets = {
  'linux-x64': linux('x86_64-linux-gnu', 'elf64-x86-64', { flags: ['-fcf-protection=none'] }),
  'linux-arm64': linux('aarch64-linux-gnu', 'elf64-littleaarch64', {
    flags: ['-mno-outline-atomics', linker('-z,noseparate-code')],
  }),
  'linux-arm': linux('arm-linux-gnueabihf', 'elf32-littlearm', { tag: '.armv7' }),
  'linux-riscv64': linux('riscv64-linux-gnu', 'elf64-littleriscv'),
};

export function prebuildOf(target) {
  return `prebuilds/${target}/${targets[target].file}`;
}

/** All sources of a platform, as binding.gyp lists them. */
export function sourcesOf(os) {
  const [target] = JSON.parse(readFileSync(inRoot('binding.gyp'), 'utf8')).targets;
  const platforms = Object.fromEntries(target.conditions);
  return [...target.sources, ...platforms[`OS=='${os}'`].sources];
}
