/** What there are prebuilds for, how each is compiled, and what it may need of its host. */
import { readFileSync } from 'node:fs';
import { inRoot } from './run.mjs';
import { darwin, linux, windows } from './toolchains.mjs';

const words = (text) => text.trim().split(/\s+/);

/**
 * What glibc 2.17 and musl 1.1, and all later ones, have in common: the same structs and constants
 * behind the same names. Not stat(2), readdir(3) or pthread_cond_wait(3), for example.
 */
const libc = {
  libraries: [],
  imports: words(`
    __errno_location __stack_chk_fail __stack_chk_guard __tls_get_addr access bcmp bind calloc
    clock_gettime close epoll_create1 epoll_ctl epoll_wait eventfd free geteuid getpid getpwuid_r
    getrusage getsockopt ioctl kill malloc memchr memcmp memcpy memmove memrchr memset mmap munmap
    nanosleep open openat poll prctl pthread_attr_destroy pthread_attr_init
    pthread_attr_setstacksize pthread_create pthread_detach pthread_join pthread_mutex_destroy
    pthread_mutex_lock pthread_mutex_unlock qsort raise read readlink readlinkat realloc recvfrom
    send setsockopt snprintf socket strlen strncpy strnlen syscall sysconf uname waitid write`),
};

/** These are part of every Windows 10 and later; node.exe stands for whatever program loads it. */
const dlls = { libraries: words('ADVAPI32.dll KERNEL32.dll msvcrt.dll node.exe ntdll.dll') };

/** The linker has made sure of the functions. */
const libSystem = { libraries: ['/usr/lib/libSystem.B.dylib'] };

const arm = ['-mcpu=cortex-a8', '-mfpu=vfpv3-d16', '-mthumb'];

export const targets = {
  'linux-x64': {
    machine: 'elf64-x86-64',
    allowed: libc,
    ...linux('x86_64-linux-gnu'),
  },
  'linux-arm64': {
    machine: 'elf64-littleaarch64',
    allowed: libc,
    // Outline atomics ask the libc for what musl has no name.
    ...linux('aarch64-linux-gnu', { debian: 'arm64', flags: ['-mno-outline-atomics'] }),
  },
  'linux-arm': {
    tag: '.armv7',
    machine: 'elf32-littlearm',
    allowed: libc,
    ...linux('arm-linux-gnueabihf', { debian: 'armhf', flags: arm }),
  },
  'linux-riscv64': {
    machine: 'elf64-littleriscv',
    allowed: libc,
    ...linux('riscv64-linux-gnu', { debian: 'riscv64' }),
  },
  'win32-x64': { machine: 'COFF-x86-64', allowed: dlls, ...windows() },
  'darwin-x64': {
    isUntried: true,
    machine: 'Mach-O 64-bit x86-64',
    allowed: libSystem,
    ...darwin('x86_64', 'x86_64'),
  },
  'darwin-arm64': {
    isUntried: true,
    machine: 'Mach-O arm64',
    allowed: libSystem,
    ...darwin('arm64', 'aarch64'),
  },
};

export function prebuildOf(target) {
  const { tag = '' } = targets[target];
  return `prebuilds/${target}/procseek${tag}.node`;
}

/** All sources of a platform, as native/procseek.gypi lists them. */
export function sourcesOf(target) {
  const [os] = target.split('-');
  const gypName = { linux: 'linux', darwin: 'mac', win32: 'win' }[os];
  const [addon] = JSON.parse(readFileSync(inRoot('native/procseek.gypi'), 'utf8')).targets;
  const platforms = Object.fromEntries(addon.conditions);
  const sources = [...addon.sources, ...platforms[`OS=='${gypName}'`].sources];
  return sources.map((source) => `native/${source}`);
}
