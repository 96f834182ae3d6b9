#include "rows.h"

#include <stdlib.h>

void cimage_unpack_row(const uint8_t *samples, cimage_layout layout, float maximum, const cimage_target *target, uint32_t y) {
    const size_t width = layout.width, channels = (size_t)layout.channels;
    const ptrdiff_t step = target->pixel;
    // Looked up, as a division takes longer.
    float quotients[256];
    if (layout.bits == 8) {
        for (int value = 0; value < 256; value++) quotients[value] = (float)value / maximum;
    }
    for (size_t c = 0; c < channels; c++) {
        float *out = target->first + (ptrdiff_t)c * target->plane + (ptrdiff_t)y * target->row;
        if (layout.bits == 16) {
            const uint8_t *in = samples + 2 * c;
            for (size_t x = 0; x < width; x++) {
                const uint8_t *sample = in + 2 * channels * x;
                out[(ptrdiff_t)x * step] = (float)(sample[0] << 8 | sample[1]) / maximum;
            }
        } else {
            for (size_t x = 0; x < width; x++) out[(ptrdiff_t)x * step] = quotients[samples[channels * x + c]];
        }
    }
}

// As many bytes of rows go on together.
enum { piece_size = 1 << 19 };

typedef struct {
    row_decoder decode;
    void *context;
    const cimage_layout *layout;
    const cimage_target *target;
    size_t row_bytes;
    uint32_t piece, decoded;  // rows
    uint8_t *rows, *before;   // those that are decoded, and the piece before them
    cimage_status status;
} row_reader;

static void decode_piece(row_reader *reader) {
    const uint32_t left = reader->layout->height - reader->decoded, count = left < reader->piece ? left : reader->piece;
    reader->status = reader->decode(reader->context, count, reader->rows);
}

static void unpack_rows(const row_reader *reader, uint32_t first, uint32_t last, const uint8_t *rows) {
    const float maximum = reader->layout->bits == 16 ? 65535 : 255;
    for (uint32_t y = first; y < last; y++) {
        cimage_unpack_row(rows + (y - first) * reader->row_bytes, *reader->layout, maximum, reader->target, y);
    }
}

static void read_step(void *context, size_t i) {
    row_reader *const reader = context;
    if (i == 0)
        decode_piece(reader);
    else
        unpack_rows(reader, reader->decoded - reader->piece, reader->decoded, reader->before);
}

cimage_status read_rows(row_decoder decode, bool at_once, void *context, size_t row_bytes, const cimage_layout *layout,
                        const cimage_target *target, cimage_spread spread) {
    const uint32_t height = layout->height;
    const size_t piece = row_bytes < piece_size ? piece_size / row_bytes : 1;
    row_reader reader = {
        .decode = decode,
        .context = context,
        .layout = layout,
        .target = target,
        .row_bytes = row_bytes,
        .piece = at_once || piece > height ? height : (uint32_t)piece,
    };
    uint8_t *const memory = malloc((reader.piece < height ? 2 : 1) * reader.piece * row_bytes);
    if (!memory) return cimage_no_memory;
    reader.rows = memory;
    decode_piece(&reader);
    for (reader.decoded = reader.piece; reader.status == cimage_ok && reader.decoded < height; reader.decoded += reader.piece) {
        reader.before = reader.rows;
        reader.rows = reader.before == memory ? memory + reader.piece * row_bytes : memory;
        spread(2, read_step, &reader);
    }
    if (reader.status == cimage_ok) unpack_rows(&reader, reader.decoded - reader.piece, height, reader.rows);
    free(memory);
    return reader.status;
}

// 0...maximum, rounded; the comparisons are false for NaN, which becomes 0.
static inline uint32_t quantized(float value, float maximum) {
    const float clamped = value > 0 ? (value < 1 ? value : 1) : 0;
    return (uint32_t)(int32_t)(clamped * maximum + 0.5f);  // signed, as vectors have it
}

bool cimage_clips(const float *values, size_t count, float maximum) {
    const float least = -0.5f / maximum, largest = 1 + 0.5f / maximum;
    bool clips = false;
    for (size_t i = 0; i < count; i++) clips |= !(values[i] >= least && values[i] <= largest);
    return clips;
}

void cimage_pack_row(const float *planes, cimage_layout layout, uint32_t y, uint8_t *samples) {
    const size_t width = layout.width, channels = (size_t)layout.channels, plane = width * layout.height;
    for (size_t c = 0; c < channels; c++) {
        const float *in = planes + c * plane + (size_t)y * width;
        if (layout.bits == 16) {
            for (size_t x = 0; x < width; x++) {
                const uint32_t value = quantized(in[x], 65535);
                samples[2 * (channels * x + c)] = (uint8_t)(value >> 8);
                samples[2 * (channels * x + c) + 1] = (uint8_t)value;
            }
        } else {
            // In two steps, the first of which goes in vectors.
            uint8_t values[256];
            for (size_t first = 0; first < width; first += sizeof values) {
                const size_t count = width - first < sizeof values ? width - first : sizeof values;
                for (size_t x = 0; x < count; x++) values[x] = (uint8_t)quantized(in[first + x], 255);
                for (size_t x = 0; x < count; x++) samples[channels * (first + x) + c] = values[x];
            }
        }
    }
}

void cimage_free_extras(cimage_extras *extras) {
    free(extras->profile.bytes);
    free(extras->exif.bytes);
    *extras = (cimage_extras){0};
}
