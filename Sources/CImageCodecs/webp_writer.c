#include "CImageCodecs.h"
#include "blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <webp/encode.h>
#include <webp/mux.h>

static int append(const uint8_t *bytes, size_t count, const WebPPicture *picture) {
    growing_block *output = picture->custom_ptr;
    if (!reserve(output, count)) return 0;
    memcpy(output->block.bytes + output->block.count, bytes, count);
    output->block.count += count;
    return 1;
}

// Rows of RGB or RGBA; grey becomes RGB, as WebP has none.
static uint8_t *interleaved(const float *planes, cimage_layout layout) {
    const size_t width = layout.width, channels = (size_t)layout.channels, shown = channels < 3 ? channels + 2 : channels;
    uint8_t *samples = malloc(width * layout.height * shown), *row = malloc(width * channels);
    for (uint32_t y = 0; samples && row && y < layout.height; y++) {
        cimage_pack_row(planes, layout, y, row);
        uint8_t *out = samples + y * width * shown;
        for (size_t x = 0; x < width; x++) {
            for (size_t c = 0; c < shown; c++) {
                const size_t channel = channels >= 3 ? c : c < 3 ? 0 : 1;
                out[x * shown + c] = row[x * channels + channel];
            }
        }
    }
    if (!row) {
        free(samples);
        samples = NULL;
    }
    free(row);
    return samples;
}

static cimage_status encode(
    const float *planes, cimage_layout layout, int quality, growing_block *output, char *message) {
    WebPConfig config;
    WebPPicture picture;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&picture)) return cimage_no_memory;
    const bool is_lossless = quality == 0;
    if (is_lossless) {
        WebPConfigLosslessPreset(&config, 4);
        config.exact = 1;  // colors stay where alpha is 0
    } else {
        config.quality = (float)quality;
    }
    uint8_t *samples = interleaved(planes, layout);
    if (!samples) return cimage_no_memory;
    picture.use_argb = is_lossless;
    picture.width = (int)layout.width;
    picture.height = (int)layout.height;
    picture.writer = append;
    picture.custom_ptr = output;
    const bool has_alpha = layout.channels % 2 == 0;
    const int stride = picture.width * (has_alpha ? 4 : 3);
    const int is_taken = has_alpha ? WebPPictureImportRGBA(&picture, samples, stride) : WebPPictureImportRGB(&picture, samples, stride);
    free(samples);
    const bool is_written = is_taken && WebPEncode(&config, &picture);
    const bool is_full = picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY || picture.error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY
        || picture.error_code == VP8_ENC_ERROR_BAD_WRITE;
    if (!is_written) snprintf(message, cimage_message_size, "libwebp's error %d", picture.error_code);
    WebPPictureFree(&picture);
    return is_written ? cimage_ok : is_full ? cimage_no_memory : cimage_corrupt;
}

// The same image in a container that has the profile too.
static cimage_status add_profile(growing_block *output, const cimage_written_extras *extras) {
    WebPMux *mux = WebPMuxNew();
    if (!mux) return cimage_no_memory;
    const WebPData image = {output->block.bytes, output->block.count}, profile = {extras->profile, extras->profile_count};
    WebPData whole = {0};
    const bool is_whole = WebPMuxSetImage(mux, &image, 0) == WEBP_MUX_OK && WebPMuxSetChunk(mux, "ICCP", &profile, 0) == WEBP_MUX_OK
        && WebPMuxAssemble(mux, &whole) == WEBP_MUX_OK;
    WebPMuxDelete(mux);
    // Memory that the caller can free as any other.
    cimage_block copy = {0};
    const bool is_copied = is_whole && copy_block(&copy, whole.bytes, whole.size);
    WebPDataClear(&whole);
    if (!is_copied) return cimage_no_memory;
    free(output->block.bytes);
    output->block = copy;
    return cimage_ok;
}

cimage_status cimage_write_webp(
    const float *planes, cimage_layout layout, const cimage_written_extras *extras, int quality, cimage_block *encoded, char *message) {
    growing_block output = {0};
    message[0] = 0;
    cimage_status status = encode(planes, layout, quality, &output, message);
    if (status == cimage_ok && extras->profile) status = add_profile(&output, extras);
    return finish_block(&output, status, encoded);
}
