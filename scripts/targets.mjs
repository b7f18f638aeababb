/** What there are prebuilds for, and how each is compiled on a Linux host. */
import { readFileSync } from 'node:fs';
import { inRoot } from './run.mjs';

/** One for all, so that the same sources give the same bytes wherever it is installed. */
const compiler = 'clang++-19';

const language = [
  ...['-std=c++17', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-DNAPI_VERSION=8'],
  ...['-Wall', '-Wextra', '-Werror'],
];

/** Small rather than fast: nearly all of the time is the system's. */
const small = [
  ...['-Oz', '-flto', '-ffunction-sections', '-fdata-sections'],
  ...['-fno-asynchronous-unwind-tables', '-fno-unwind-tables'],
];

const linker = (...options) => `-Wl,${options.join(',')}`;

/**
 * What glibc 2.17 and musl 1.1, and all later ones, have in common: the same structs and constants
 * behind the same names. Not stat(2), readdir(3) or pthread_cond_wait(3), for example.
 */
const libc = `
  __errno_location __stack_chk_fail __stack_chk_guard __tls_get_addr access bcmp bind calloc
  clock_gettime close epoll_create1 epoll_ctl epoll_wait eventfd free getpid getpwuid_r getrusage
  getsockopt ioctl kill malloc memchr memcmp memcpy memmove memrchr memset mmap munmap nanosleep open
  openat poll pthread_attr_destroy pthread_attr_init pthread_attr_setstacksize pthread_create
  pthread_join pthread_mutex_destroy pthread_mutex_lock pthread_mutex_unlock qsort raise read readlink
  readlinkat realloc recvfrom send setsockopt snprintf socket strlen strncpy strnlen syscall sysconf
  uname waitid write`;

const words = (text) => text.trim().split(/\s+/);

/** Runs with glibc and with musl: needs neither by name, nor a version of any symbol. */
function linux(triplet, machine, { tag = '', debian, flags = [] }) {
  const strict = ['-nostdlib', linker('--version-script=native/freestanding/exports.map')];
  const hard = [linker('-z,relro', '-z,now', '-z,noexecstack'), '-fstack-protector'];
  const plain = [linker('--gc-sections', '--icf=all', '--build-id=none', '--hash-style=gnu'), '-s'];
  const link = ['-fuse-ld=lld-19', '-fPIC', '-shared', ...strict, ...hard, ...plain];
  return {
    os: 'linux',
    file: `procseek${tag}.node`,
    machine,
    allowed: { libraries: [], imports: words(libc) },
    isExecuted: true,
    compiler,
    packages: {
      'clang-19': '/usr/bin/clang++-19',
      'lld-19': '/usr/bin/ld.lld-19',
      ...(debian === undefined
        ? { 'g++': '/usr/bin/g++' }
        : {
            [`libc6-dev-${debian}-cross`]: `/usr/${triplet}/include/unistd.h`,
            [`libstdc++-12-dev-${debian}-cross`]: `/usr/${triplet}/include/c++/12/memory`,
          }),
    },
    flags: [`--target=${triplet}`, ...language, ...small, ...flags, ...link],
    libraries: ['-lgcc'],
  };
}

export const targets = {
  'linux-x64': linux('x86_64-linux-gnu', 'elf64-x86-64', {}),
  'linux-arm64': linux('aarch64-linux-gnu', 'elf64-littleaarch64', {
    debian: 'arm64',
    flags: ['-mno-outline-atomics'], // which ask the libc for what musl has no name
  }),
  'linux-arm': linux('arm-linux-gnueabihf', 'elf32-littlearm', {
    tag: '.armv7',
    debian: 'armhf',
    flags: ['-mcpu=cortex-a8', '-mfpu=vfpv3-d16', '-mthumb'],
  }),
  'linux-riscv64': linux('riscv64-linux-gnu', 'elf64-littleriscv', { debian: 'riscv64' }),
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
