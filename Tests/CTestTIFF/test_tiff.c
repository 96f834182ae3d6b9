#include "CTestTIFF.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

// A positive number that a half holds exactly.
static uint16_t half(double value) {
    int exponent;
    if (value == 0) return 0;
    const double fraction = frexp(value, &exponent);
    return (uint16_t)((exponent + 14) << 10 | ((int)(fraction * 2048) & 1023));
}

// One sample at a place counted in samples.
static void put(uint8_t *out, size_t place, const test_tiff *page, double value) {
    if (page->format == SAMPLEFORMAT_IEEEFP) {
        const float single = (float)value;
        const uint16_t small = page->bits == 16 ? half(value) : 0;
        if (page->bits == 16) memcpy(out + 2 * place, &small, 2);
        if (page->bits == 32) memcpy(out + 4 * place, &single, 4);
        if (page->bits == 64) memcpy(out + 8 * place, &value, 8);
        return;
    }
    const uint32_t whole = (uint32_t)value;
    if (page->bits == 16) {
        memcpy(out + 2 * place, &(uint16_t){(uint16_t)whole}, 2);
        return;
    }
    for (int i = 0; i < page->bits; i++) {
        const size_t bit = place * (size_t)page->bits + (size_t)i;
        if (whole >> (page->bits - 1 - i) & 1) out[bit / 8] |= (uint8_t)(128 >> bit % 8);
    }
}

static bool write_blocks(TIFF *tiff, const test_tiff *page, const double *values) {
    const uint32_t across = page->tile ? (uint32_t)page->tile : page->width, down = page->tile ? (uint32_t)page->tile : (uint32_t)page->strip;
    const int planes = page->is_planar ? page->samples : 1, together = page->samples / planes;
    const size_t row_bytes = ((size_t)across * (size_t)together * (size_t)page->bits + 7) / 8;
    bool is_written = true;
    uint32_t index = 0;
    for (int plane = 0; plane < planes; plane++) {
        for (uint32_t top = 0; top < page->height; top += down) {
            for (uint32_t left = 0; left < page->width; left += across, index++) {
                uint8_t *block = calloc(down, row_bytes);
                const uint32_t rows = page->tile || top + down <= page->height ? down : page->height - top;
                for (uint32_t y = 0; y < rows && top + y < page->height; y++) {
                    for (uint32_t x = 0; x < across && left + x < page->width; x++) {
                        for (int sample = 0; sample < together; sample++) {
                            const size_t pixel = (size_t)(top + y) * page->width + left + x;
                            const double value = values[pixel * (size_t)page->samples + (size_t)(plane + sample)];
                            put(block + y * row_bytes, x * (size_t)together + (size_t)sample, page, value);
                        }
                    }
                }
                const tmsize_t bytes = (tmsize_t)(rows * row_bytes);
                is_written &= (page->tile ? TIFFWriteEncodedTile(tiff, index, block, bytes) : TIFFWriteEncodedStrip(tiff, index, block, bytes)) > 0;
                free(block);
            }
        }
    }
    return is_written;
}

bool test_tiff_write(const char *path, const char *mode, const test_tiff *page, const double *values, const uint16_t *palette) {
    TIFF *tiff = TIFFOpen(path, mode);
    if (!tiff) return false;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, page->width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page->height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, page->bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, page->samples);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, page->format);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, page->photometric);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, page->compression);
    if (page->predictor > 1) TIFFSetField(tiff, TIFFTAG_PREDICTOR, page->predictor);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, page->is_planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, page->orientation);
    if (page->inks) TIFFSetField(tiff, TIFFTAG_INKSET, page->inks);
    if (page->alpha >= 0) {
        const int colors = page->photometric == PHOTOMETRIC_RGB ? 3 : page->photometric == PHOTOMETRIC_SEPARATED ? 4 : 1;
        uint16_t kinds[8];
        for (int i = 0; i < 8; i++) kinds[i] = (uint16_t)page->alpha;
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, page->samples - colors, kinds);
    }
    if (palette) TIFFSetField(tiff, TIFFTAG_COLORMAP, palette, palette + (1 << page->bits), palette + (2 << page->bits));
    if (page->tile) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, page->tile);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, page->tile);
    } else {
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, page->strip);
    }
    if (page->photometric == PHOTOMETRIC_YCBCR) {
        TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 100);
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, page->is_subsampled ? 2 : 1, page->is_subsampled ? 2 : 1);
    }
    if (page->compression == COMPRESSION_WEBP) TIFFSetField(tiff, TIFFTAG_WEBP_LOSSLESS, 1);
    const bool is_written = write_blocks(tiff, page, values) && TIFFWriteDirectory(tiff);
    TIFFClose(tiff);
    return is_written;
}
