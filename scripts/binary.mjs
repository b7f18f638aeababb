/** What a shared library says of itself, whatever its format; by LLVM's tools, which read them all. */
import { output } from './run.mjs';

/**
 * - `format`: the format and the machine, in LLVM's words
 * - `libraries`: what it links with, by file name
 * - `imports`, `exports`: names of symbols
 * - `versions`: of the symbols that it imports, as in `GLIBC_2.34`
 */
export function inspect(file) {
  const format = match(output('llvm-readobj-19', ['--file-headers', file]), /^Format: (.*)$/m)[0];
  if (format.startsWith('elf')) return { format, ...inspectElf(file) };
  if (format.startsWith('COFF')) return { format, ...inspectCoff(file) };
  return { format, ...inspectMachO(file) };
}

function inspectElf(file) {
  const text = output('llvm-readelf-19', ['--dynamic', '--dyn-syms', '--version-info', '-W', file]);
  const symbols = text.matchAll(/^ +\d+: [0-9a-f]+ .* (\w+) ([^\s@]+)(?:@\S*)?(?: \(\d+\))?$/gm);
  const names = [...symbols].map(([, section, name]) => ({ isImport: section === 'UND', name }));
  const globals = names.filter(({ name }) => !name.startsWith('.'));
  return {
    libraries: match(text, /\(NEEDED\).*\[(.*)\]/g),
    versions: match(text, /Name: ([A-Z]+_[\d.]+) /g),
    imports: globals.filter(({ isImport }) => isImport).map(({ name }) => name),
    exports: globals.filter(({ isImport }) => !isImport).map(({ name }) => name),
  };
}

function inspectCoff(file) {
  const imports = output('llvm-readobj-19', ['--coff-imports', file]);
  const exports = output('llvm-readobj-19', ['--coff-exports', file]);
  return {
    libraries: match(imports, /^ {2}Name: (.*)$/gm),
    versions: [],
    imports: match(imports, /^ {2,4}Symbol: (\S+)/gm),
    exports: match(exports, /^ {2}Name: (.*)$/gm),
  };
}

function inspectMachO(file) {
  const names = (...options) => match(output('llvm-nm-19', [...options, file]), /(\S+)$/gm);
  const libraries = output('llvm-objdump-19', ['--macho', '--dylibs-used', file]);
  return {
    libraries: match(libraries, /^\t(\S+) /gm),
    versions: [],
    imports: names('--undefined-only').map((name) => name.replace(/^_/, '')),
    exports: names('--extern-only', '--defined-only').map((name) => name.replace(/^_/, '')),
  };
}

/** What the first group of a pattern matches: everywhere, if it is a global one. */
function match(text, pattern) {
  const found = pattern.global ? [...text.matchAll(pattern)] : [text.match(pattern)];
  return found.flatMap((one) => one?.[1] ?? []);
}
