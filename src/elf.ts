/** Files in the Executable and Linkable Format, which Linux loads addons from. */

/**
 * Whether the file ends before the table of sections that its header promises, which linkers write
 * last. The dynamic linker does not look: it maps what is not there, and the process ends by SIGBUS.
 * Only for the byte order of all platforms that procseek has addons for.
 */
export function isCutElf(file: Buffer): boolean {
  if (file.length < 64) return true; // shorter than any header
  if (file.readUInt32BE(0) !== 0x7f454c46) return false; // not ELF
  return file.length < (file[4] === 2 ? sections64(file) : sections32(file));
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
