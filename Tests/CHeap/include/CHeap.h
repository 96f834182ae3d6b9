#pragma once
#include <stddef.h>

/// The bytes of all blocks that this process has from malloc and has not given back, on all of its threads. Those that a thread keeps for
/// itself count as well, unless GLIBC_TUNABLES has glibc.malloc.tcache_count=0.
size_t heap_bytes_in_use(void);
