// Compiles the programs that run in the kernel, into headers that the addon includes: what loads a
// program there, itself a program for the kernel, and needs no library (a light skeleton).
//
//   node scripts/bpf.mjs generate   native/linux/bpf/*.skel.h, to be committed
//   node scripts/bpf.mjs check      whether these are what the sources give
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dispatch, inRoot, output, run } from './run.mjs';
import { installBpfTools } from './system.mjs';

const folder = 'native/linux/bpf';
const work = '.cache/bpf';

const programs = () =>
  readdirSync(inRoot(folder))
    .filter((file) => file.endsWith('.bpf.c'))
    .map((file) => basename(file, '.bpf.c'));

const header = (program) => inRoot(folder, `${program}.skel.h`);

/** Of all that the programs are made from. */
function sourceHash() {
  const hash = createHash('sha256');
  const sources = readdirSync(inRoot(folder)).filter((file) => !file.endsWith('.skel.h'));
  for (const file of sources.sort()) {
    hash.update(
      `${file}\0${readFileSync(inRoot(folder, file), 'utf8').replaceAll('\r\n', '\n')}\0`,
    );
  }
  return hash.digest('hex').slice(0, 16);
}

/** Other versions of these give other bytes from the same sources. */
function toolchain() {
  const [clang] = output('clang', ['--version']).split('\n');
  const [bpftool, libbpf] = output('bpftool', ['version']).split('\n');
  const [lz4] = output('lz4', ['--version']).match(/v[\d.]+/);
  return `${clang}, ${bpftool} ${libbpf}, LZ4 ${lz4}`;
}

/** Without line markers: then no path, and no line of the sources, ends up in the program. */
function compile(program) {
  const source = inRoot(folder, `${program}.bpf.c`);
  const [preprocessed, object] = ['i', 'o'].map((ending) => join(work, `${program}.${ending}`));
  const target = ['--target=bpfel', '-mcpu=v3'];
  const triplet = output('gcc', ['-print-multiarch']).trim();
  const include = ['-I', `/usr/include/${triplet}`];
  const strict = ['-Wall', '-Wextra', '-Werror'];
  run('clang', [...target, ...include, ...strict, '-fsyntax-only', source]);
  run('clang', [...target, ...include, '-E', '-P', source, '-o', preprocessed]);
  const text = readFileSync(inRoot(preprocessed));
  const flags = ['-O2', '-g', '-w', '-fdebug-compilation-dir=.', '-x', 'cpp-output', '-c', '-'];
  output('clang', [...target, ...flags, '-o', object], text);
  run('llvm-strip', ['-g', object]);
  dropLines(object);
  return output('bpftool', ['gen', 'skeleton', '-L', object, 'name', 'program']);
}

/**
 * Which line of the source each instruction came from is a third of all: left out. The header of
 * .BTF.ext tells where its three parts are, and how long: functions, lines, relocations (btf.rst in
 * the kernel's documentation).
 */
function dropLines(object) {
  const section = join(work, 'btf_ext');
  run('llvm-objcopy', [`--dump-section=.BTF.ext=${section}`, object]);
  const ext = readFileSync(inRoot(section));
  const start = ext.readUInt32LE(4);
  const part = (at) =>
    ext.subarray(start + ext.readUInt32LE(at)).subarray(0, ext.readUInt32LE(at + 4));
  const [functions, relocations] = [part(8), part(24)];
  const header = Buffer.from(ext.subarray(0, start));
  header.writeUInt32LE(functions.length, 16);
  header.writeUInt32LE(0, 20);
  header.writeUInt32LE(functions.length, 24);
  writeFileSync(inRoot(section), Buffer.concat([header, functions, relocations]));
  run('llvm-objcopy', [`--update-section=.BTF.ext=${section}`, object]);
}

/** The bytes of one of the skeleton's two strings, whose escapes are `\\0` and `\\x12`. */
function bytes(skeleton, name, size) {
  const [, length] = skeleton.match(new RegExp(`opts\\.${size} = (\\d+);`)) ?? [];
  const [, literal] = skeleton.match(new RegExp(`opts\\.${name} = \\(void \\*\\)"([^"]*)";`)) ?? [];
  const escapes = literal?.match(/\\0|\\x[0-9a-f]{2}/g) ?? [];
  const found = Buffer.from(escapes.map((one) => Number.parseInt(one.slice(2) || '0', 16)));
  if (found.length !== Number(length)) throw new Error(`No ${name} in the skeleton`);
  return found;
}

/** One block of LZ4's (lz4.h): the only one in a frame, as of lz4_Frame_format.md. */
function pack(data) {
  const [plain, packed] = ['plain', 'lz4'].map((ending) => join(work, `skeleton.${ending}`));
  writeFileSync(inRoot(plain), data);
  run('lz4', ['-12', '-q', '-f', '--no-frame-crc', plain, packed]);
  const frame = readFileSync(inRoot(packed));
  const header = 7; // without a content size
  const size = frame.readUInt32LE(header);
  if (size + header + 8 !== frame.length) throw new Error('More than one block, or none packed');
  return frame.subarray(header + 4, header + 4 + size);
}

/** In lines of a C string. */
function literal(data) {
  const rows = Array.from({ length: Math.ceil(data.length / 24) }, (_, row) =>
    [...data.subarray(row * 24, row * 24 + 24)]
      .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
      .join(''),
  );
  return rows.map((row) => `    "${row}"`).join('\n');
}

function generated(program) {
  const skeleton = compile(program);
  const data = bytes(skeleton, 'data', 'data_sz');
  const code = bytes(skeleton, 'insns', 'insns_sz');
  const packed = pack(Buffer.concat([data, code]));
  const name = program.replace(/^./, (first) => first.toUpperCase());
  return `// SPDX-License-Identifier: MIT OR GPL-2.0
// Generated by scripts/bpf.mjs from ${program}.bpf.c; do not edit.
// sources: ${sourceHash()}
// tools: ${toolchain()}
// clang-format off
#pragma once

#include "../bpf_program.h"

namespace procseek {

inline constexpr BpfSkeleton k${name}Skeleton = {
${literal(packed)},
    ${packed.length}, ${data.length}, ${code.length},
};

}  // namespace procseek
`;
}

function prepare() {
  installBpfTools();
  mkdirSync(inRoot(work), { recursive: true });
}

function generate() {
  prepare();
  for (const program of programs()) writeFileSync(header(program), generated(program));
}

function check() {
  prepare();
  for (const program of programs()) {
    const committed = existsSync(header(program)) ? readFileSync(header(program), 'utf8') : '';
    const says = (line) => committed.includes(`\n// ${line}\n`);
    const hasSameTools = says(`tools: ${toolchain()}`);
    const isSame = hasSameTools
      ? committed === generated(program)
      : says(`sources: ${sourceHash()}`);
    if (!isSame) throw new Error(`${header(program)} is not what the sources give: npm run bpf`);
    const what = hasSameTools ? 'the same bytes' : 'the same sources, with other tools';
    process.stdout.write(`${program}.skel.h: ${what}\n`);
  }
}

await dispatch(import.meta.url, { generate, check });
