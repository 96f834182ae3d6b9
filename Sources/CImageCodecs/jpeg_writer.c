#include "CImageCodecs.h"
#include "blocks.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <jerror.h>

// All that must survive a longjmp lives here, outside of the frame that called setjmp.
typedef struct {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr output;
    growing_block encoded;
    jmp_buf failed;
    char *message;
    uint8_t *row;
} jpeg_sink;

_Noreturn static void fail(j_common_ptr jpeg) {
    jpeg_sink *sink = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    snprintf(sink->message, cimage_message_size, "%s", text);
    longjmp(sink->failed, 1);
}

static void ignore_warning(j_common_ptr jpeg, int level) {
    (void)jpeg;
    (void)level;
}

// Hands all room in `encoded` to libjpeg, which fills it and comes back.
static void offer_room(j_compress_ptr jpeg) {
    jpeg_sink *sink = jpeg->client_data;
    if (!reserve(&sink->encoded, 1 << 16)) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    jpeg->dest->next_output_byte = sink->encoded.block.bytes + sink->encoded.block.count;
    jpeg->dest->free_in_buffer = sink->encoded.capacity - sink->encoded.block.count;
}

static boolean grow(j_compress_ptr jpeg) {
    jpeg_sink *sink = jpeg->client_data;
    sink->encoded.block.count = sink->encoded.capacity;
    offer_room(jpeg);
    return TRUE;
}

static void finish(j_compress_ptr jpeg) {
    jpeg_sink *sink = jpeg->client_data;
    sink->encoded.block.count = sink->encoded.capacity - jpeg->dest->free_in_buffer;
}

// Whole numbers of pixels per inch or per centimetre, whichever come nearer; none where they don't fit.
static void set_density(struct jpeg_compress_struct *jpeg, double x, double y) {
    const double units[] = {0.0254, 0.01};
    double least = INFINITY;
    for (int i = 0; i < 2; i++) {
        const double across = round(x * units[i]), down = round(y * units[i]);
        const double error = fabs(across / units[i] - x) + fabs(down / units[i] - y);
        if (!(across >= 1 && across <= UINT16_MAX && down >= 1 && down <= UINT16_MAX && error < least)) continue;
        least = error;
        jpeg->density_unit = (UINT8)(i + 1);
        jpeg->X_density = (UINT16)across;
        jpeg->Y_density = (UINT16)down;
    }
}

static cimage_status write_jpeg(
    jpeg_sink *sink, const float *planes, cimage_layout layout, const cimage_written_extras *extras, int quality) {
    struct jpeg_compress_struct *jpeg = &sink->jpeg;
    if (setjmp(sink->failed)) return cimage_corrupt;
    jpeg_create_compress(jpeg);
    jpeg->dest = &sink->output;
    jpeg->image_width = layout.width;
    jpeg->image_height = layout.height;
    jpeg->input_components = layout.channels;
    jpeg->in_color_space = layout.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    if (quality >= 90) jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    if (!(sink->row = malloc((size_t)layout.width * (size_t)layout.channels))) return cimage_no_memory;
    set_density(jpeg, extras->x_density, extras->y_density);
    jpeg_start_compress(jpeg, TRUE);
    if (extras->profile) jpeg_write_icc_profile(jpeg, extras->profile, (unsigned)extras->profile_count);
    for (uint32_t y = 0; y < layout.height; y++) {
        JSAMPROW row = sink->row;
        cimage_pack_row(planes, layout, y, row);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    return cimage_ok;
}

cimage_status cimage_write_jpeg(
    const float *planes, cimage_layout layout, const cimage_written_extras *extras, int quality, cimage_block *encoded, char *message) {
    jpeg_sink sink = {.message = message};
    message[0] = 0;
    sink.jpeg.err = jpeg_std_error(&sink.errors);
    sink.jpeg.client_data = &sink;
    sink.errors.error_exit = fail;
    sink.errors.emit_message = ignore_warning;
    sink.output = (struct jpeg_destination_mgr){.init_destination = offer_room, .empty_output_buffer = grow, .term_destination = finish};
    const cimage_status status = write_jpeg(&sink, planes, layout, extras, quality);
    jpeg_destroy_compress(&sink.jpeg);
    free(sink.row);
    return finish_block(&sink.encoded, status, encoded);
}
