// Memory that readers and writers hand out.
#ifndef BLOCKS_H
#define BLOCKS_H

#include "CImageCodecs.h"

#include <stdlib.h>
#include <string.h>

// A copy of `count` bytes, which may be none; false if there is no memory.
static inline bool copy_block(cimage_block *block, const void *bytes, size_t count) {
    if (count == 0) return true;
    uint8_t *copy = malloc(count);
    if (!copy) return false;
    memcpy(copy, bytes, count);
    *block = (cimage_block){copy, count};
    return true;
}

// The encoders' output: memory that grows by doubling.
typedef struct {
    cimage_block block;
    size_t capacity;
} growing_block;

// Makes room for `extra` more bytes; false, and nothing changed, if there is no memory.
static inline bool reserve(growing_block *buffer, size_t extra) {
    if (extra <= buffer->capacity - buffer->block.count) return true;
    const size_t capacity = 2 * buffer->capacity + extra;
    uint8_t *grown = realloc(buffer->block.bytes, capacity);
    if (!grown) return false;
    buffer->block.bytes = grown;
    buffer->capacity = capacity;
    return true;
}

// Hands out what was encoded, or frees it after an error.
static inline cimage_status finish_block(growing_block *buffer, cimage_status status, cimage_block *encoded) {
    if (status != cimage_ok) {
        free(buffer->block.bytes);
        buffer->block = (cimage_block){0};
    }
    *encoded = buffer->block;
    return status;
}

#endif
