#include "CHeap.h"

#include <malloc.h>

size_t heap_bytes_in_use(void) {
    // Of all arenas, and of the large blocks that are mapped one by one.
    struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
}
