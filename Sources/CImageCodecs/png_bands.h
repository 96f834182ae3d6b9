// The pixels of a PNG file, compressed in bands of rows, each without the others.
#ifndef PNG_BANDS_H
#define PNG_BANDS_H

#include "blocks.h"

#include <zlib.h>

// As many wait to be written at most.
enum { png_bands_at_once = 32 };

typedef struct {
    growing_block output;
    uLong checksum;
    z_off_t count;  // of bytes before compression
    cimage_status status;
} png_band;

// The zlib stream of a file's pixels, some bands of it at a time.
typedef struct {
    const float *planes;
    cimage_layout layout;
    size_t row_bytes, pixel_bytes;
    uint32_t rows;   // of a band
    uint32_t first;  // row of the bands that are there
    uint32_t next;   // row that is not compressed yet
    uLong checksum;
    size_t count;
    png_band bands[png_bands_at_once];
} png_stream;

png_stream png_begin_stream(const float *planes, cimage_layout layout);

// The next bands in place of those that are there. Whatever the status, they are to be freed.
cimage_status png_compress_bands(png_stream *stream, cimage_spread spread);

void png_free_bands(png_stream *stream);

#endif
