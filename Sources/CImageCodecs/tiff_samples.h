// What TIFF files store for each pixel.
#ifndef TIFF_SAMPLES_H
#define TIFF_SAMPLES_H

#include "CImageCodecs.h"

typedef enum { tiff_grey, tiff_rgb, tiff_cmyk, tiff_palette } tiff_colors;

// The most channels that a row is unpacked into: those of CMYK with alpha.
enum { tiff_row_channels = 5 };

typedef struct {
    int bits, stored;  // for each sample; samples for each pixel
    bool is_float, is_planar, is_jpeg;
    tiff_colors colors;
    int color_count;   // the first samples are colors
    int alpha;         // which sample is alpha; -1 if none is
    bool is_inverted;  // 0 is white
    bool is_premultiplied;
    const uint16_t *palette[3];
    float palette_maximum;
} tiff_samples;

// What stands for 1 in the palette: its values have 16 bits, of which some writers use the lower eight alone, others the upper.
float tiff_palette_maximum(const tiff_samples *samples);

// Of the image that is read.
int tiff_channels(const tiff_samples *samples);
int tiff_depth(const tiff_samples *samples);

// A row of `count` pixels to `target`'s first row. `bytes` are the samples in the machine's order of bytes, the next stored plane
// `plane_bytes` further on; `row` has room for `tiff_row_channels` channels.
void tiff_unpack_row(
    const tiff_samples *samples, const uint8_t *bytes, uint64_t plane_bytes, uint32_t count, float *row, const cimage_target *target);

#endif
