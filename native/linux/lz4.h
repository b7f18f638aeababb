// Unpacks what was packed by LZ4: its block format, as of lz4_Block_format.md.
#pragma once

#include <cstddef>

namespace procseek {

// Whether the block unpacks to exactly `size` bytes. Reads and writes nothing beyond either.
bool unpack_lz4(const char* block, size_t block_size, char* ret_bytes, size_t size);

}  // namespace procseek
