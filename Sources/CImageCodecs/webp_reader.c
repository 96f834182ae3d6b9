#include "CImageCodecs.h"
#include "blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/mux.h>

static cimage_status failure(VP8StatusCode code, char *message) {
    switch (code) {
    case VP8_STATUS_OK: return cimage_ok;
    case VP8_STATUS_OUT_OF_MEMORY: return cimage_no_memory;
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return cimage_truncated;
    case VP8_STATUS_UNSUPPORTED_FEATURE: snprintf(message, cimage_message_size, "a feature that libwebp does not know"); return cimage_unsupported;
    default: snprintf(message, cimage_message_size, "an invalid bitstream"); return cimage_corrupt;
    }
}

static bool copy_chunk(const WebPMux *mux, const char *name, cimage_block *block) {
    WebPData chunk;
    return WebPMuxGetChunk(mux, name, &chunk) != WEBP_MUX_OK || copy_block(block, chunk.bytes, chunk.size);
}

// Where the container is damaged there are none; whether the image is too shows when its pixels are read.
static cimage_status read_extras(const cimage_input *input, cimage_extras *extras) {
    WebPMux *mux = WebPMuxCreate(&(WebPData){input->bytes, input->count}, 0);
    if (!mux) return cimage_ok;
    const bool are_copied = copy_chunk(mux, "ICCP", &extras->profile) && copy_chunk(mux, "EXIF", &extras->exif);
    WebPMuxDelete(mux);
    // Some writers put JPEG's mark before the TIFF header.
    static const char mark[] = "Exif\0";
    cimage_block *exif = &extras->exif;
    if (exif->count > sizeof mark && memcmp(exif->bytes, mark, sizeof mark) == 0) {
        exif->count -= sizeof mark;
        memmove(exif->bytes, exif->bytes + sizeof mark, exif->count);
    }
    return are_copied ? cimage_ok : cimage_no_memory;
}

static cimage_status read_pixels(const cimage_input *input, const cimage_layout *layout, const cimage_target *target, char *message) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return cimage_no_memory;
    const size_t row_bytes = (size_t)layout->width * (size_t)layout->channels, bytes = row_bytes * layout->height;
    uint8_t *samples = malloc(bytes);
    if (!samples) return cimage_no_memory;
    config.output.colorspace = layout->channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = (WebPRGBABuffer){.rgba = samples, .stride = (int)row_bytes, .size = bytes};
    const cimage_status status = failure(WebPDecode(input->bytes, input->count, &config), message);
    WebPFreeDecBuffer(&config.output);
    for (uint32_t y = 0; status == cimage_ok && y < layout->height; y++) {
        cimage_unpack_row(samples + y * row_bytes, *layout, 255, target, y);
    }
    free(samples);
    return status;
}

cimage_status cimage_read_webp(
    const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target, char *message) {
    message[0] = 0;
    WebPBitstreamFeatures features;
    const cimage_status status = failure(WebPGetFeatures(input->bytes, input->count, &features), message);
    if (status != cimage_ok) return status;
    if (features.has_animation) {
        snprintf(message, cimage_message_size, "an animation");
        return cimage_unsupported;
    }
    // Nothing but a canvas: libwebp takes what it has not seen for granted.
    const bool is_lossy = features.format == 1, is_lossless = features.format == 2;
    if (!is_lossy && !is_lossless) return cimage_truncated;
    const uint64_t pixels = (uint64_t)features.width * (uint64_t)features.height;
    *layout = (cimage_layout){
        .width = (uint32_t)features.width,
        .height = (uint32_t)features.height,
        .channels = features.has_alpha ? 4 : 3,
        .bits = 8,
        .scratch = pixels * 8,  // what libwebp decodes to, and its own picture of a lossless image
    };
    if (pixels > input->pixel_limit) return cimage_too_large;
    // Each block of 16 x 16 pixels of a lossy image takes at least three bits: its two prediction modes. A lossless one may be flat, and take none.
    if (is_lossy && pixels / 1024 > input->count) return cimage_truncated;
    return target ? read_pixels(input, layout, target, message) : read_extras(input, extras);
}
