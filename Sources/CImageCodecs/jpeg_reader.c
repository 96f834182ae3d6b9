#include "CImageCodecs.h"
#include "blocks.h"
#include "rows.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

// All that must survive a longjmp lives here, outside of the frame that called setjmp.
typedef struct {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr input;
    struct jpeg_progress_mgr progress;
    size_t count;
    jmp_buf failed;
    cimage_status status;
    char *message;
} jpeg_source;

// A file may hold any number of scans that each cost as much as the image is large, in a few bytes. Encoders write about ten.
enum { scan_limit = 100 };

_Noreturn static void fail(j_common_ptr jpeg) {
    jpeg_source *source = jpeg->client_data;
    if (source->status == cimage_ok) {
        source->status = cimage_corrupt;
        char text[JMSG_LENGTH_MAX];
        jpeg->err->format_message(jpeg, text);
        snprintf(source->message, cimage_message_size, "%s", text);
    }
    longjmp(source->failed, 1);
}

// libjpeg only warns where it invents pixels for damaged data; those warnings are errors here, the others do no harm.
static void judge_warning(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    jpeg->err->num_warnings++;
    switch (jpeg->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        fail(jpeg);
    default: break;
    }
}

static void print_nothing(j_common_ptr jpeg) { (void)jpeg; }
static void nothing(j_decompress_ptr jpeg) { (void)jpeg; }

// The whole file is in memory, so a request for more means that the file ends early.
static boolean end_of_file(j_decompress_ptr jpeg) {
    ((jpeg_source *)jpeg->client_data)->status = cimage_truncated;
    fail((j_common_ptr)jpeg);
}

static void skip(j_decompress_ptr jpeg, long count) {
    if (count <= 0) return;
    if ((size_t)count > jpeg->src->bytes_in_buffer) end_of_file(jpeg);
    jpeg->src->next_input_byte += count;
    jpeg->src->bytes_in_buffer -= (size_t)count;
}

static void limit_scans(j_common_ptr jpeg) {
    if (((j_decompress_ptr)jpeg)->input_scan_number <= scan_limit) return;
    jpeg_source *source = jpeg->client_data;
    source->status = cimage_corrupt;
    snprintf(source->message, cimage_message_size, "more than %d scans", scan_limit);
    fail(jpeg);
}

// The stored color model decides what libjpeg converts to and how many channels come out.
static cimage_status choose_colors(jpeg_source *source, cimage_layout *layout) {
    struct jpeg_decompress_struct *jpeg = &source->jpeg;
    layout->bits = 8;
    layout->channels = 3;
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
        jpeg->out_color_space = JCS_GRAYSCALE;
        layout->channels = 1;
        return cimage_ok;
    case JCS_RGB:
    case JCS_YCbCr:
        jpeg->out_color_space = JCS_RGB;
        return cimage_ok;
    case JCS_CMYK:
    case JCS_YCCK:
        jpeg->out_color_space = JCS_CMYK;
        return cimage_ok;
    default:
        snprintf(source->message, cimage_message_size, "%d components of no known color model", jpeg->num_components);
        return cimage_unsupported;
    }
}

// CMYK to RGB in place. Adobe's applications, which mark their files, store inks inverted: 255 is no ink.
static void convert_inks(uint8_t *row, uint32_t width, boolean inverted) {
    const uint8_t flip = inverted ? 0 : 255;
    for (size_t x = 0; x < width; x++) {
        const unsigned black = row[4 * x + 3] ^ flip;
        for (size_t c = 0; c < 3; c++) row[3 * x + c] = (uint8_t)(((row[4 * x + c] ^ flip) * black + 127) / 255);
    }
}

// The first EXIF segment, the ICC profile, whose segments libjpeg puts together, and JFIF's density.
static cimage_status read_extras(struct jpeg_decompress_struct *jpeg, cimage_extras *extras) {
    static const char exif[6] = "Exif\0";
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker && !extras->exif.bytes; marker = marker->next) {
        if (marker->marker != JPEG_APP0 + 1 || marker->data_length <= sizeof exif || memcmp(marker->data, exif, sizeof exif) != 0) continue;
        if (!copy_block(&extras->exif, marker->data + sizeof exif, marker->data_length - sizeof exif)) return cimage_no_memory;
    }
    JOCTET *profile;
    unsigned count;
    if (jpeg_read_icc_profile(jpeg, &profile, &count)) extras->profile = (cimage_block){profile, count};
    if (jpeg->saw_JFIF_marker && jpeg->density_unit > 0) {
        const double units = jpeg->density_unit == 1 ? 1 / 0.0254 : 100;  // per inch or per centimetre
        extras->x_density = jpeg->X_density * units;
        extras->y_density = jpeg->Y_density * units;
    }
    return cimage_ok;
}

static cimage_status decode_rows(void *context, uint32_t count, uint8_t *rows) {
    jpeg_source *const source = context;
    struct jpeg_decompress_struct *const jpeg = &source->jpeg;
    if (setjmp(source->failed)) return source->status;
    for (uint32_t y = 0; y < count; y++) {
        JSAMPROW row = rows + y * ((size_t)jpeg->output_width * (size_t)jpeg->output_components);
        jpeg_read_scanlines(jpeg, &row, 1);
        if (jpeg->out_color_space == JCS_CMYK) convert_inks(row, jpeg->output_width, jpeg->saw_Adobe_marker);
    }
    return cimage_ok;
}

static cimage_status read_jpeg(
    jpeg_source *source, const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target) {
    struct jpeg_decompress_struct *jpeg = &source->jpeg;
    if (setjmp(source->failed)) return source->status;
    jpeg_create_decompress(jpeg);
    jpeg->src = &source->input;
    jpeg->progress = &source->progress;
    if (!target) {
        jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
        jpeg_save_markers(jpeg, JPEG_APP0 + 2, 0xFFFF);
    }
    jpeg_read_header(jpeg, TRUE);
    layout->width = jpeg->image_width;
    layout->height = jpeg->image_height;
    const uint64_t pixels = (uint64_t)layout->width * layout->height;
    if (pixels > input->pixel_limit) return cimage_too_large;
    // A block of 8 x 8 samples takes a bit at least, and no component is subsampled more than 4 times: without that many bytes,
    // memory for the coefficients of a progressive file is not worth claiming.
    if (pixels / (64 * 4 * 8) > source->count) return cimage_truncated;
    const cimage_status colors = choose_colors(source, layout);
    if (colors != cimage_ok) return colors;
    // The coefficients of all scans stay in memory until the last one.
    layout->scratch = jpeg_has_multiple_scans(jpeg) ? pixels * (unsigned)jpeg->num_components * sizeof(JCOEF) : 0;
    if (!target) {
        const cimage_status status = read_extras(jpeg, extras);
        if (status != cimage_ok) return status;
    }
    if (!target) return cimage_ok;

    jpeg_start_decompress(jpeg);
    const size_t row_bytes = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
    const cimage_status status = read_rows(decode_rows, false, source, row_bytes, layout, target, input->spread);
    if (status != cimage_ok) return status;
    if (setjmp(source->failed)) return source->status;
    jpeg_finish_decompress(jpeg);  // reads up to the end marker
    return cimage_ok;
}

cimage_status cimage_read_jpeg(
    const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target, char *message) {
    jpeg_source source = {.count = input->count, .message = message};
    message[0] = 0;
    source.jpeg.err = jpeg_std_error(&source.errors);
    source.jpeg.client_data = &source;
    source.errors.error_exit = fail;
    source.errors.emit_message = judge_warning;
    source.errors.output_message = print_nothing;
    source.progress.progress_monitor = limit_scans;
    source.input = (struct jpeg_source_mgr){
        .next_input_byte = input->bytes,
        .bytes_in_buffer = input->count,
        .init_source = nothing,
        .fill_input_buffer = end_of_file,
        .skip_input_data = skip,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = nothing,
    };
    const cimage_status status = read_jpeg(&source, input, layout, extras, target);
    jpeg_destroy_decompress(&source.jpeg);
    return status;
}
