#pragma once

#include <stdlib.h>

#if defined(__linux__)
#include <malloc.h>
#endif

/// Lets the allocator ask the system for blocks of so many bytes and more one by one, and give each back when it is freed.
/// Does nothing where the C library is not glibc.
static inline void pc_malloc_return_blocks_from(int byte_count) {
#if defined(__GLIBC__)
  (void)mallopt(M_MMAP_THRESHOLD, byte_count);
#else
  (void)byte_count;
#endif
}
