#include "CImageCodecs.h"
#include "blocks.h"
#include "rows.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// All that must survive a longjmp lives here, outside of the frame that called setjmp.
typedef struct {
    const uint8_t *bytes;
    size_t count, position;
    jmp_buf failed;
    cimage_status status;
    char *message;
    png_structp png;
    png_infop info;
    png_bytep *rows;  // of an interlaced image
} png_source;

static void fail(png_structp png, png_const_charp text) {
    png_source *source = png_get_error_ptr(png);
    if (source->status == cimage_ok) {
        source->status = cimage_corrupt;
        snprintf(source->message, cimage_message_size, "%s", text);
    }
    longjmp(source->failed, 1);
}

static void ignore_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void read_bytes(png_structp png, png_bytep out, size_t count) {
    png_source *source = png_get_io_ptr(png);
    if (count > source->count - source->position) {
        source->status = cimage_truncated;
        fail(png, "");
    }
    memcpy(out, source->bytes + source->position, count);
    source->position += count;
}

// Before libpng allocates a row: the size must be within the limit, and as deflate expands at most 1032 times, the file must have
// enough bytes for the pixels it claims.
static cimage_status check_size(const png_source *source, uint64_t pixel_limit, cimage_layout *layout) {
    layout->width = png_get_image_width(source->png, source->info);
    layout->height = png_get_image_height(source->png, source->info);
    const uint64_t pixels = (uint64_t)layout->width * layout->height;
    if (pixels > pixel_limit) return cimage_too_large;
    const unsigned bits = (unsigned)png_get_channels(source->png, source->info) * png_get_bit_depth(source->png, source->info);
    return pixels * bits / 8 / 1032 > source->count ? cimage_truncated : cimage_ok;
}

// What libpng has read of it so far: EXIF data may also come after the pixels.
static cimage_status read_extras(const png_source *source, cimage_extras *extras) {
    png_charp name;
    int compression, unit;
    png_bytep bytes;
    png_uint_32 count, x, y;
    if (!extras->profile.bytes && png_get_iCCP(source->png, source->info, &name, &compression, &bytes, &count)) {
        if (!copy_block(&extras->profile, bytes, count)) return cimage_no_memory;
    }
    if (!extras->exif.bytes && png_get_eXIf_1(source->png, source->info, &count, &bytes)) {
        if (!copy_block(&extras->exif, bytes, count)) return cimage_no_memory;
    }
    if (png_get_pHYs(source->png, source->info, &x, &y, &unit) && unit == PNG_RESOLUTION_METER) {
        extras->x_density = x;
        extras->y_density = y;
    }
    return cimage_ok;
}

static cimage_status decode_rows(void *context, uint32_t count, uint8_t *rows) {
    png_source *const source = context;
    if (setjmp(source->failed)) return source->status;
    const size_t row_bytes = png_get_rowbytes(source->png, source->info);
    for (uint32_t y = 0; y < count; y++) png_read_row(source->png, rows + y * row_bytes, NULL);
    return cimage_ok;
}

// All passes of an interlaced image.
static cimage_status decode_all(void *context, uint32_t count, uint8_t *rows) {
    png_source *const source = context;
    if (setjmp(source->failed)) return source->status;
    const size_t row_bytes = png_get_rowbytes(source->png, source->info);
    if (!(source->rows = malloc(count * sizeof *source->rows))) return cimage_no_memory;
    for (uint32_t y = 0; y < count; y++) source->rows[y] = rows + y * row_bytes;
    png_read_image(source->png, source->rows);
    return cimage_ok;
}

static cimage_status read_png(
    png_source *source, const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target) {
    if (setjmp(source->failed)) return source->status;
    const png_structp png = source->png;
    const png_infop info = source->info;
    png_set_read_fn(png, source, read_bytes);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the limit on their product is ours
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);  // skips all but IHDR, PLTE, tRNS, IDAT and IEND
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep) "iCCP\0eXIf\0pHYs", 3);
    png_read_info(png, info);
    const cimage_status size = check_size(source, input->pixel_limit, layout);
    if (size != cimage_ok) return size;

    png_set_expand(png);  // palette to RGB, grey below 8 bits to 8, transparency to alpha; 16 bits stay
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    layout->channels = png_get_channels(png, info);
    layout->bits = png_get_bit_depth(png, info);
    const size_t row_bytes = png_get_rowbytes(png, info);
    layout->scratch = passes == 1 ? 0 : layout->height * (uint64_t)row_bytes;
    if (!target) return read_extras(source, extras);

    const bool at_once = passes > 1;
    const cimage_status status =
        read_rows(at_once ? decode_all : decode_rows, at_once, source, row_bytes, layout, target, input->spread);
    if (status != cimage_ok) return status;
    if (setjmp(source->failed)) return source->status;
    png_read_end(png, info);
    return read_extras(source, extras);
}

cimage_status cimage_read_png(
    const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target, char *message) {
    png_source source = {.bytes = input->bytes, .count = input->count, .message = message};
    message[0] = 0;
    source.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, fail, ignore_warning);
    if (source.png) source.info = png_create_info_struct(source.png);
    const cimage_status status = source.info ? read_png(&source, input, layout, extras, target) : cimage_no_memory;
    if (source.png) png_destroy_read_struct(&source.png, source.info ? &source.info : NULL, NULL);
    free(source.rows);
    return status;
}
