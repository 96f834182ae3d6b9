// Where the pages of a TIFF file are. libtiff follows their chain as well, but compares each page's place with all before it: a file of
// a few megabytes would take hours.
#ifndef TIFF_PAGES_H
#define TIFF_PAGES_H

#include "CImageCodecs.h"

enum { tiff_page_limit = 1 << 16 };

typedef struct {
    uint64_t offset;  // of the page's directory
    uint64_t field;   // where the file's header has that of its first page
    int field_bytes;
    bool is_big_endian;
} tiff_page;

// Copies what there is of `count` bytes from the place `offset` of the input on; returns how many there were.
size_t tiff_bytes(const cimage_input *input, uint64_t offset, void *out, size_t count);

// Finds a page, counted from 0. Unless `count` is null goes on to the last one and counts all.
cimage_status tiff_find_page(const cimage_input *input, uint32_t page, tiff_page *found, uint32_t *count, char *message);

#endif
