#include "CImageCodecs.h"
#include "png_bands.h"

#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// All that must survive a longjmp lives here, outside of the frame that called setjmp.
typedef struct {
    growing_block output;
    jmp_buf failed;
    cimage_status status;
    char *message;
    png_structp png;
    png_infop info;
    png_stream pixels;
} png_sink;

static void fail(png_structp png, png_const_charp text) {
    png_sink *sink = png_get_error_ptr(png);
    if (sink->status == cimage_ok) {
        sink->status = cimage_corrupt;
        snprintf(sink->message, cimage_message_size, "%s", text);
    }
    longjmp(sink->failed, 1);
}

static void ignore_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void append(png_structp png, png_bytep bytes, size_t count) {
    png_sink *sink = png_get_io_ptr(png);
    if (!reserve(&sink->output, count)) {
        sink->status = cimage_no_memory;
        fail(png, "");
    }
    memcpy(sink->output.block.bytes + sink->output.block.count, bytes, count);
    sink->output.block.count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

static void set_extras(const png_sink *sink, const cimage_written_extras *extras) {
    // What libpng finds wrong with a profile leaves it out instead of ending the image.
    png_set_benign_errors(sink->png, 1);
    if (extras->profile) {
        png_set_iCCP(sink->png, sink->info, "ICC", PNG_COMPRESSION_TYPE_BASE, extras->profile, (png_uint_32)extras->profile_count);
    }
    const double x = round(extras->x_density), y = round(extras->y_density);
    if (x >= 1 && x <= PNG_UINT_31_MAX && y >= 1 && y <= PNG_UINT_31_MAX) {
        png_set_pHYs(sink->png, sink->info, (png_uint_32)x, (png_uint_32)y, PNG_RESOLUTION_METER);
    }
}

static cimage_status write_png(png_sink *sink, const float *planes, cimage_layout layout, const cimage_written_extras *extras,
                               cimage_spread spread) {
    static const int color_types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    if (setjmp(sink->failed)) return sink->status;
    const png_structp png = sink->png;
    png_set_write_fn(png, sink, append, flush_nothing);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(
        png, sink->info, layout.width, layout.height, layout.bits, color_types[layout.channels - 1], PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    set_extras(sink, extras);
    png_write_info(png, sink->info);
    sink->pixels = png_begin_stream(planes, layout);
    while (sink->pixels.next < layout.height) {
        const cimage_status status = png_compress_bands(&sink->pixels, spread);
        if (status != cimage_ok) return status;
        for (size_t i = 0; i < sink->pixels.count; i++) {
            const cimage_block *const block = &sink->pixels.bands[i].output.block;
            png_write_chunk(png, (png_const_bytep) "IDAT", block->bytes, block->count);
        }
    }
    png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
    return cimage_ok;
}

cimage_status cimage_write_png(
    const float *planes, cimage_layout layout, const cimage_written_extras *extras, cimage_spread spread, cimage_block *encoded, char *message) {
    png_sink sink = {.message = message};
    message[0] = 0;
    sink.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, fail, ignore_warning);
    if (sink.png) sink.info = png_create_info_struct(sink.png);
    const cimage_status status = sink.info ? write_png(&sink, planes, layout, extras, spread) : cimage_no_memory;
    if (sink.png) png_destroy_write_struct(&sink.png, sink.info ? &sink.info : NULL);
    png_free_bands(&sink.pixels);
    return finish_block(&sink.output, status, encoded);
}
