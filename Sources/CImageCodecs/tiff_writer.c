#include "CImageCodecs.h"
#include "blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

typedef struct {
    growing_block output;
    uint64_t position;
    bool is_failed, is_full;  // libtiff has reported an error; there was no memory for the file
    char *message;
    uint8_t *strip;
} tiff_sink;

static int handle_error(TIFF *tiff, void *handle, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    tiff_sink *sink = handle;
    if (!sink->is_failed) vsnprintf(sink->message, cimage_message_size, format, arguments);
    sink->is_failed = true;
    return 1;  // nothing else handles it
}

static int ignore_warning(TIFF *tiff, void *handle, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)handle, (void)module, (void)format, (void)arguments;
    return 1;
}

// Only a file that has a page already is read.
static tmsize_t read_nothing(thandle_t handle, void *bytes, tmsize_t count) {
    (void)handle, (void)bytes, (void)count;
    return -1;
}

static tmsize_t write_bytes(thandle_t handle, void *bytes, tmsize_t count) {
    tiff_sink *sink = handle;
    const uint64_t end = sink->position + (uint64_t)count;
    cimage_block *block = &sink->output.block;
    if (end > block->count) {
        if (!reserve(&sink->output, end - block->count)) {
            sink->is_full = true;
            return -1;
        }
        if (sink->position > block->count) memset(block->bytes + block->count, 0, sink->position - block->count);
        block->count = end;
    }
    memcpy(block->bytes + sink->position, bytes, (size_t)count);
    sink->position = end;
    return count;
}

static toff_t seek(thandle_t handle, toff_t offset, int from) {
    tiff_sink *sink = handle;
    sink->position = offset + (from == SEEK_CUR ? sink->position : from == SEEK_END ? sink->output.block.count : 0);
    return sink->position;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size(thandle_t handle) { return ((tiff_sink *)handle)->output.block.count; }

static void set_tags(TIFF *tiff, cimage_layout layout, const cimage_written_extras *extras, uint32_t rows) {
    const bool has_alpha = layout.channels % 2 == 0, is_float = layout.bits == 32;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, layout.width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, layout.height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, layout.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, layout.channels);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, is_float ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, layout.channels < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    if (has_alpha) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, (const uint16_t[]){EXTRASAMPLE_UNASSALPHA});
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
    TIFFSetField(tiff, TIFFTAG_PREDICTOR, is_float ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
    if (extras->profile) TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)extras->profile_count, extras->profile);
    const double x = extras->x_density * 0.0254, y = extras->y_density * 0.0254, largest = UINT32_MAX;
    if (x > 0 && y > 0 && x < largest && y < largest) {
        TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
        TIFFSetField(tiff, TIFFTAG_XRESOLUTION, x);
        TIFFSetField(tiff, TIFFTAG_YRESOLUTION, y);
    }
}

// Row y in the machine's order of bytes, in which libtiff takes samples.
static void pack_row(const float *planes, cimage_layout layout, uint32_t y, uint8_t *out) {
    const size_t width = layout.width, channels = (size_t)layout.channels, plane = width * layout.height;
    if (layout.bits == 32) {
        for (size_t c = 0; c < channels; c++) {
            const float *in = planes + c * plane + (size_t)y * width;
            for (size_t x = 0; x < width; x++) memcpy(out + sizeof(float) * (channels * x + c), &in[x], sizeof(float));
        }
        return;
    }
    cimage_pack_row(planes, layout, y, out);
    for (size_t i = 0; layout.bits == 16 && i < channels * width; i++) {
        const uint16_t value = (uint16_t)(out[2 * i] << 8 | out[2 * i + 1]);
        memcpy(out + 2 * i, &value, sizeof value);
    }
}

static cimage_status write_tiff(
    tiff_sink *sink, TIFF *tiff, const float *planes, cimage_layout layout, const cimage_written_extras *extras) {
    const size_t row_bytes = (size_t)layout.width * (size_t)layout.channels * (size_t)(layout.bits / 8);
    // Strips of about a quarter of a megabyte.
    const size_t fitting = ((size_t)1 << 18) / row_bytes, rows = fitting < 1 ? 1 : fitting < layout.height ? fitting : layout.height;
    set_tags(tiff, layout, extras, (uint32_t)rows);
    if (!(sink->strip = malloc(rows * row_bytes))) return cimage_no_memory;
    uint32_t strip = 0;
    for (size_t top = 0; top < layout.height; top += rows, strip++) {
        const size_t count = layout.height - top < rows ? layout.height - top : rows;
        for (size_t y = 0; y < count; y++) pack_row(planes, layout, (uint32_t)(top + y), sink->strip + y * row_bytes);
        if (TIFFWriteEncodedStrip(tiff, strip, sink->strip, (tmsize_t)(count * row_bytes)) < 0) return cimage_corrupt;
    }
    return TIFFWriteDirectory(tiff) ? cimage_ok : cimage_corrupt;
}

cimage_status cimage_write_tiff(
    const float *planes, cimage_layout layout, const cimage_written_extras *extras, cimage_block *encoded, char *message) {
    tiff_sink sink = {.message = message};
    message[0] = 0;
    // Offsets of four bytes where they are sure to be enough: few programs read the others.
    const uint64_t bytes = (uint64_t)layout.width * layout.height * (uint64_t)(layout.channels * layout.bits / 8) + extras->profile_count;
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    TIFF *tiff = NULL;
    if (options) {
        TIFFOpenOptionsSetErrorHandlerExtR(options, handle_error, &sink);
        TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, &sink);
        tiff = TIFFClientOpenExt(
            "", bytes < 0xF0000000 ? "w4" : "w8", &sink, read_nothing, write_bytes, seek, close_nothing, size, NULL, NULL, options);
        TIFFOpenOptionsFree(options);
    }
    cimage_status status = tiff ? write_tiff(&sink, tiff, planes, layout, extras) : cimage_no_memory;
    if (tiff) TIFFClose(tiff);
    if (status == cimage_ok && sink.is_failed) status = cimage_corrupt;
    if (sink.is_full) status = cimage_no_memory;
    free(sink.strip);
    return finish_block(&sink.output, status, encoded);
}
