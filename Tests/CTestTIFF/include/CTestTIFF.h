// Writes TIFF files of the kinds that the library reads but does not write.
#ifndef CTESTTIFF_H
#define CTESTTIFF_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t width, height;
    int bits, samples, format, photometric, compression;
    int predictor;    // 1 for none
    bool is_planar;
    int tile;         // the side of tiles; 0 for strips
    int strip;        // rows of a strip
    int orientation;
    int alpha;        // what the samples after the colors are, as in the tag; -1 where there are none
    int inks;         // 0 for none
    bool is_subsampled;  // of YCbCr in JPEG
} test_tiff;

// Adds a page to the file at a path, or begins it with the mode "w", "wb", "w8". `values` go by row, column and sample; a palette has
// 3 * 2^bits values. False after an error.
bool test_tiff_write(const char *path, const char *mode, const test_tiff *page, const double *values, const uint16_t *palette);

#endif
