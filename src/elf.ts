/** Files in the Executable and Linkable Format, which Linux loads addons from. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Whether the file ends before the table of sections that its header promises, which linkers write
 * last. The dynamic linker does not look: it maps what is not there, and the process ends by SIGBUS.
 * Only for the byte order of all platforms that procseek has addons for.
 */
export function isCutElf(path: string): boolean {
  const header = Buffer.alloc(64);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
    if (header.readUInt32BE(0) !== 0x7f454c46) return false; // not ELF
    return fstatSync(file).size < (header[4] === 2 ? sections64(header) : sections32(header));
  } finally {
    closeSync(file);
  }
}

/** Where the table ends: its offset, and the size and the number of its entries. */
function sections64(header: Buffer): number {
  return (
    Number(header.readBigUInt64LE(0x28)) + header.readUInt16LE(0x3a) * header.readUInt16LE(0x3c)
  );
}

function sections32(header: Buffer): number {
  return header.readUInt32LE(0x20) + header.readUInt16LE(0x2e) * header.readUInt16LE(0x30);
}
