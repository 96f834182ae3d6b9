#include "CImageCodecs.h"

#include <stdlib.h>

void cimage_unpack_row(const uint8_t *samples, cimage_layout layout, float maximum, const cimage_target *target, uint32_t y) {
    const size_t width = layout.width, channels = (size_t)layout.channels;
    for (size_t c = 0; c < channels; c++) {
        float *out = target->first + (ptrdiff_t)c * target->plane + (ptrdiff_t)y * target->row;
        const ptrdiff_t step = target->pixel;
        if (layout.bits == 16) {
            const uint8_t *in = samples + 2 * c;
            for (size_t x = 0; x < width; x++) {
                const uint8_t *sample = in + 2 * channels * x;
                out[(ptrdiff_t)x * step] = (float)(sample[0] << 8 | sample[1]) / maximum;
            }
        } else if (step == 1) {  // unit stride known to the compiler: this is the loop that nearly every image runs
            for (size_t x = 0; x < width; x++) out[x] = (float)samples[channels * x + c] / maximum;
        } else {
            for (size_t x = 0; x < width; x++) out[(ptrdiff_t)x * step] = (float)samples[channels * x + c] / maximum;
        }
    }
}

// 0...maximum, rounded; the comparisons are false for NaN, which becomes 0.
static inline uint32_t quantized(float value, float maximum) {
    const float clamped = value > 0 ? (value < 1 ? value : 1) : 0;
    return (uint32_t)(clamped * maximum + 0.5f);
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
            for (size_t x = 0; x < width; x++) samples[channels * x + c] = (uint8_t)quantized(in[x], 255);
        }
    }
}

void cimage_free_extras(cimage_extras *extras) {
    free(extras->profile.bytes);
    free(extras->exif.bytes);
    *extras = (cimage_extras){0};
}
