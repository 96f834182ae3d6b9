#include "png_bands.h"

#include <stdlib.h>
#include <string.h>

// About as many bytes of pixels are a band: what compression loses at a band's end is nothing beside them.
enum { band_size = 1 << 19, filter_count = 5 };

// One of PNG's filters: what the bytes of a row are beyond what their neighbours on the left and above foretell. Before both rows lie zeros.
static inline void apply_filter(int filter, const uint8_t *row, const uint8_t *above, size_t count, size_t pixel, uint8_t *restrict out) {
    const uint8_t *left = row - pixel, *corner = above - pixel;
    switch (filter) {
    case 0: memcpy(out, row, count); break;
    case 1:
        for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(row[i] - left[i]);
        break;
    case 2:
        for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(row[i] - above[i]);
        break;
    case 3:
        for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(row[i] - ((left[i] + above[i]) >> 1));
        break;
    default:  // Paeth's: whichever of the three comes nearest to left + above - corner
        for (size_t i = 0; i < count; i++) {
            const int16_t a = left[i], b = above[i], c = corner[i];
            const int16_t by_a = (int16_t)abs(b - c), by_b = (int16_t)abs(a - c), by_c = (int16_t)abs(a + b - 2 * c);
            const int16_t other = by_b <= by_c ? b : c;
            out[i] = (uint8_t)(row[i] - (by_a <= by_b && by_a <= by_c ? a : other));
        }
    }
}

// How large the bytes are as signed numbers: the fewer bits they will take. Modulo 2^32, which a sum reaches in rows of 2^25 bytes alone.
static uint32_t magnitude(const uint8_t *bytes, size_t count) {
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += (uint32_t)abs((int8_t)bytes[i]);
    return sum;
}

static cimage_status deflate_into(growing_block *output, z_stream *stream, int flush) {
    do {
        if (!reserve(output, 1 << 14)) return cimage_no_memory;
        stream->next_out = output->block.bytes + output->block.count;
        stream->avail_out = (uInt)(output->capacity - output->block.count);
        deflate(stream, flush);
        output->block.count = (size_t)(stream->next_out - output->block.bytes);
    } while (stream->avail_out == 0);
    return cimage_ok;
}

// Rows first ..< last, each under the filter that leaves least.
static cimage_status compress_rows(const png_stream *image, png_band *band, uint32_t first, uint32_t last, z_stream *stream, uint8_t *memory) {
    const size_t bytes = image->row_bytes, pixel = image->pixel_bytes;
    uint8_t *above = memory + pixel, *row = above + bytes + pixel, *best = row + bytes, *tried = best + bytes + 1;
    if (first > 0) cimage_pack_row(image->planes, image->layout, first - 1, above);
    for (uint32_t y = first; y < last; y++) {
        cimage_pack_row(image->planes, image->layout, y, row);
        uint32_t least = 0;
        for (int filter = 0; filter < filter_count; filter++) {
            tried[0] = (uint8_t)filter;
            apply_filter(filter, row, above, bytes, pixel, tried + 1);
            const uint32_t left = magnitude(tried + 1, bytes);
            if (filter > 0 && left >= least) continue;
            least = left;
            uint8_t *const better = tried;
            tried = best;
            best = better;
        }
        band->checksum = adler32_z(band->checksum, best, bytes + 1);
        band->count += (z_off_t)bytes + 1;
        stream->next_in = best;
        stream->avail_in = (uInt)(bytes + 1);
        // The end of a band is one of bytes, so that the next one can follow.
        const int flush = y + 1 == image->layout.height ? Z_FINISH : y + 1 == last ? Z_SYNC_FLUSH : Z_NO_FLUSH;
        const cimage_status status = deflate_into(&band->output, stream, flush);
        if (status != cimage_ok) return status;
        uint8_t *const next = above;
        above = row;
        row = next;
    }
    return cimage_ok;
}

static bool append(growing_block *output, const uint8_t *bytes, size_t count) {
    if (!reserve(output, count)) return false;
    memcpy(output->block.bytes + output->block.count, bytes, count);
    output->block.count += count;
    return true;
}

// The last row of a band that begins with `first`, and one more.
static uint32_t band_end(const png_stream *image, uint32_t first) {
    return image->layout.height - first > image->rows ? first + image->rows : image->layout.height;
}

static void compress_band(void *context, size_t i) {
    // Of zlib; the bands' own streams have none.
    static const uint8_t header[] = {0x78, 0x01};
    png_stream *const image = context;
    png_band *const band = &image->bands[i];
    const uint32_t first = image->first + (uint32_t)i * image->rows;
    *band = (png_band){.checksum = adler32(0, NULL, 0), .status = cimage_no_memory};
    if (first == 0 && !append(&band->output, header, sizeof header)) return;
    // Zeros, the row above, zeros, the row; and two filtered rows with their filters' numbers.
    uint8_t *const memory = calloc(2 * (image->pixel_bytes + image->row_bytes) + 2 * (image->row_bytes + 1), 1);
    z_stream stream = {0};
    // What the filters leave of a photograph repeats itself in runs only: to look for more takes far longer and saves next to nothing.
    if (memory && deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_RLE) == Z_OK) {
        band->status = compress_rows(image, band, first, band_end(image, first), &stream, memory);
        deflateEnd(&stream);
    }
    free(memory);
}

static bool append_checksum(png_band *band, uLong sum) {
    const uint8_t bytes[] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum};
    return append(&band->output, bytes, sizeof bytes);
}

png_stream png_begin_stream(const float *planes, cimage_layout layout) {
    const size_t pixel_bytes = (size_t)layout.channels * (size_t)(layout.bits / 8), row_bytes = layout.width * pixel_bytes;
    const size_t rows = row_bytes < band_size ? band_size / row_bytes : 1;
    return (png_stream){
        .planes = planes,
        .layout = layout,
        .row_bytes = row_bytes,
        .pixel_bytes = pixel_bytes,
        .rows = (uint32_t)rows,
        .checksum = adler32(0, NULL, 0),
    };
}

cimage_status png_compress_bands(png_stream *stream, cimage_spread spread) {
    png_free_bands(stream);
    stream->first = stream->next;
    while (stream->count < png_bands_at_once && stream->next < stream->layout.height) {
        stream->next = band_end(stream, stream->next);
        stream->count++;
    }
    spread(stream->count, compress_band, stream);
    for (size_t i = 0; i < stream->count; i++) {
        const png_band *const band = &stream->bands[i];
        if (band->status != cimage_ok) return band->status;
        stream->checksum = adler32_combine(stream->checksum, band->checksum, band->count);
    }
    if (stream->next < stream->layout.height) return cimage_ok;
    return append_checksum(&stream->bands[stream->count - 1], stream->checksum) ? cimage_ok : cimage_no_memory;
}

void png_free_bands(png_stream *stream) {
    for (size_t i = 0; i < stream->count; i++) free(stream->bands[i].output.block.bytes);
    stream->count = 0;
}
