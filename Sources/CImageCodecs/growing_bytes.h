// The encoders' output: memory that grows by doubling.
#ifndef GROWING_BYTES_H
#define GROWING_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct {
    uint8_t *bytes;
    size_t count, capacity;
} growing_bytes;

// Makes room for `extra` more bytes; false, and nothing changed, if there is no memory.
static inline bool growing_bytes_reserve(growing_bytes *buffer, size_t extra) {
    if (extra <= buffer->capacity - buffer->count) return true;
    const size_t capacity = 2 * buffer->capacity + extra;
    uint8_t *grown = realloc(buffer->bytes, capacity);
    if (!grown) return false;
    buffer->bytes = grown;
    buffer->capacity = capacity;
    return true;
}

#endif
