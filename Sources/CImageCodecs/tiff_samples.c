#include "tiff_samples.h"

#include <math.h>
#include <string.h>

int tiff_channels(const tiff_samples *samples) { return (samples->colors == tiff_grey ? 1 : 3) + (samples->alpha >= 0); }

float tiff_palette_maximum(const tiff_samples *samples) {
    bool is_low = true, is_high = true;
    for (int c = 0; c < 3; c++) {
        for (uint32_t i = 0; i < 1u << samples->bits; i++) {
            is_low &= samples->palette[c][i] < 256;
            is_high &= samples->palette[c][i] % 256 == 0;
        }
    }
    return is_low ? 255 : is_high ? 255 * 256 : 65535;
}

int tiff_depth(const tiff_samples *samples) {
    if (samples->is_float) return 32;
    if (samples->colors != tiff_palette) return samples->bits > 8 ? 16 : 8;
    if (samples->palette_maximum != 65535) return 8;
    for (int c = 0; c < 3; c++) {
        for (uint32_t i = 0; i < 1u << samples->bits; i++) {
            if (samples->palette[c][i] % 257 != 0) return 16;
        }
    }
    return 8;
}

static float half(uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const float fraction = (float)(bits & 1023);
    float size = fraction > 0 ? NAN : INFINITY;
    if (exponent < 31) size = exponent == 0 ? ldexpf(fraction, -24) : ldexpf(1024 + fraction, exponent - 25);
    return bits >> 15 ? -size : size;
}

// Every `step`th sample, as many bits after another.
static uint32_t packed(const uint8_t *bytes, size_t index, int bits) {
    uint32_t value = 0;
    for (size_t bit = index * (size_t)bits, end = bit + (size_t)bits; bit < end; bit++) {
        value = value << 1 | (bytes[bit / 8] >> (7 - bit % 8) & 1);
    }
    return value;
}

// Samples `first`, `first + step` and so on, divided by the largest value; those that count in a palette as they are.
static void load(
    const tiff_samples *samples, const uint8_t *bytes, size_t first, size_t step, size_t count, bool is_inverted, bool is_index, float *out) {
    if (samples->is_float) {
        for (size_t i = 0, place = first; i < count; i++, place += step) {
            uint16_t small;
            double large;
            if (samples->bits == 16) {
                memcpy(&small, bytes + 2 * place, sizeof small);
                out[i] = half(small);
            } else if (samples->bits == 32) {
                memcpy(&out[i], bytes + 4 * place, sizeof out[i]);
            } else {
                memcpy(&large, bytes + 8 * place, sizeof large);
                out[i] = (float)large;
            }
            if (is_inverted) out[i] = 1 - out[i];
        }
        return;
    }
    const uint32_t largest = (1u << samples->bits) - 1, flip = is_inverted ? largest : 0;  // largest - value has all bits flipped
    const float maximum = is_index ? 1 : (float)largest;
    for (size_t i = 0, place = first; i < count; i++, place += step) {
        uint32_t value = 0;
        uint16_t pair;
        if (samples->bits == 8) {
            value = bytes[place];
        } else if (samples->bits == 16) {
            memcpy(&pair, bytes + 2 * place, sizeof pair);
            value = pair;
        } else {
            value = packed(bytes, place, samples->bits);
        }
        out[i] = (float)(value ^ flip) / maximum;
    }
}

void tiff_unpack_row(
    const tiff_samples *samples, const uint8_t *bytes, uint64_t plane_bytes, uint32_t count, float *row, const cimage_target *target) {
    const int colors = samples->color_count, channels = tiff_channels(samples), shown = samples->colors == tiff_grey ? 1 : 3;
    float *const alpha = row + (size_t)(tiff_row_channels - 1) * count;
    for (int c = 0; c < colors + (samples->alpha >= 0); c++) {
        const bool is_alpha = c == colors;
        const size_t sample = (size_t)(is_alpha ? samples->alpha : c);
        const uint8_t *plane = samples->is_planar ? bytes + (uint64_t)c * plane_bytes : bytes;
        load(
            samples, plane, samples->is_planar ? 0 : sample, samples->is_planar ? 1 : (size_t)samples->stored, count,
            samples->is_inverted && !is_alpha, samples->colors == tiff_palette && !is_alpha, is_alpha ? alpha : row + (size_t)c * count);
    }
    for (size_t x = 0; x < count; x++) {
        float pixel[4];
        for (int c = 0; c < shown; c++) {
            switch (samples->colors) {
            case tiff_grey:
            case tiff_rgb: pixel[c] = row[(size_t)c * count + x]; break;
            case tiff_cmyk: pixel[c] = (1 - row[(size_t)c * count + x]) * (1 - row[3 * (size_t)count + x]); break;
            case tiff_palette: pixel[c] = (float)samples->palette[c][(size_t)row[x]] / samples->palette_maximum; break;
            }
        }
        if (samples->alpha >= 0) {
            pixel[shown] = alpha[x];
            for (int c = 0; c < shown && samples->is_premultiplied && alpha[x] > 0; c++) {
                pixel[c] /= alpha[x];
                if (!samples->is_float && pixel[c] > 1) pixel[c] = 1;
            }
        }
        for (int c = 0; c < channels; c++) target->first[(ptrdiff_t)c * target->plane + (ptrdiff_t)x * target->pixel] = pixel[c];
    }
}
