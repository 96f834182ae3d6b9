#include "CImageCodecs.h"
#include "blocks.h"
#include "tiff_pages.h"
#include "tiff_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

typedef struct {
    const cimage_input *input;
    tiff_page page;
    uint64_t position;
    bool is_short;    // libtiff has asked for more than there is
    bool is_damaged;  // libtiff has reported an error
    bool decodes;     // strips and tiles, rather than tags
    char *message;
    TIFF *tiff;
    uint8_t *samples;  // of a strip or tile: of all samples, or one after the other where they are stored so
    float *row;
} tiff_source;

static void note_damage(tiff_source *source, const char *format, va_list arguments) {
    if (source->is_damaged) return;
    source->is_damaged = true;
    vsnprintf(source->message, cimage_message_size, format, arguments);
    // Some of libtiff's messages have more than a line.
    for (char *c = source->message; *c; c++) *c = *c == '\n' ? ' ' : *c;
}

static int handle_error(TIFF *tiff, void *source, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    note_damage(source, format, arguments);
    return 1;  // nothing else handles it
}

// libtiff only warns where JPEG and fax decoders invent pixels for damaged data.
static int handle_warning(TIFF *tiff, void *source, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    if (((tiff_source *)source)->decodes && module && (strncmp(module, "JPEG", 4) == 0 || strncmp(module, "Fax", 3) == 0)) {
        note_damage(source, format, arguments);
    }
    return 1;
}

// The page that is asked for comes first: in the header that libtiff sees.
static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t count) {
    tiff_source *source = handle;
    const uint64_t filled = tiff_bytes(source->input, source->position, out, (size_t)count);
    source->is_short |= (uint64_t)count > filled;
    const tiff_page *page = &source->page;
    for (int i = 0; i < page->field_bytes; i++) {
        const uint64_t place = page->field + (uint64_t)i - source->position;
        const int shift = 8 * (page->is_big_endian ? page->field_bytes - 1 - i : i);
        if (page->field + (uint64_t)i >= source->position && place < filled) ((uint8_t *)out)[place] = (uint8_t)(page->offset >> shift);
    }
    source->position += filled;
    return (tmsize_t)filled;
}

static tmsize_t write_nothing(thandle_t handle, void *bytes, tmsize_t count) {
    (void)handle, (void)bytes, (void)count;
    return -1;
}

static toff_t seek(thandle_t handle, toff_t offset, int from) {
    tiff_source *source = handle;
    source->position = offset + (from == SEEK_CUR ? source->position : from == SEEK_END ? source->input->count : 0);
    return source->position;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size(thandle_t handle) { return ((tiff_source *)handle)->input->count; }

static TIFF *open_tiff(tiff_source *source) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, handle_error, source);
    TIFFOpenOptionsSetWarningHandlerExtR(options, handle_warning, source);
    // No tag and no compressed strip is larger than the file; the rest is for decoders' tables.
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)source->input->count + (1 << 26));
    TIFF *tiff = TIFFClientOpenExt("", "rm", source, read_bytes, write_nothing, seek, close_nothing, size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

static cimage_status failure(const tiff_source *source) { return source->is_short ? cimage_truncated : cimage_corrupt; }

static cimage_status corrupt(tiff_source *source, const char *what) {
    snprintf(source->message, cimage_message_size, "%s", what);
    return cimage_corrupt;
}

static cimage_status unsupported(tiff_source *source, const char *what, unsigned number) {
    snprintf(source->message, cimage_message_size, "%s %u", what, number);
    return cimage_unsupported;
}

static bool is_fax(uint16_t compression) {
    return compression == COMPRESSION_CCITTRLE || compression == COMPRESSION_CCITTRLEW || compression == COMPRESSION_CCITTFAX3
           || compression == COMPRESSION_CCITTFAX4;
}

// How many bytes one byte may expand to at most; 0 for what isn't read. Rows of faxes that are like the one above take a bit, however long they
// are, a flat WebP image takes nothing for each pixel: there only the limit of pixels holds.
static uint64_t expansion(uint16_t compression) {
    switch (compression) {
    case COMPRESSION_NONE: return 1;
    case COMPRESSION_PACKBITS: return 64;
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE: return 1032;
    case COMPRESSION_LZW: return 4096;
    case COMPRESSION_JPEG: return 64 * 4 * 8 * 4;
    case COMPRESSION_ZSTD:
    case COMPRESSION_LZMA: return 1 << 16;
    case COMPRESSION_WEBP: return UINT64_MAX;
    default: return is_fax(compression) ? UINT64_MAX : 0;
    }
}

// How the pixels are laid out.
typedef struct {
    tiff_samples samples;
    uint32_t width, height;
    bool is_tiled;
    uint32_t block_width, block_height;  // of a tile, or of a strip
    int planes;                          // what is read of each block: 1, or as many as there are samples of use
    uint64_t row_bytes;                  // of a plane's block
} tiff_blocks;

// Of all samples those that are a color or alpha.
static cimage_status choose_samples(tiff_source *source, tiff_samples *samples) {
    TIFF *tiff = source->tiff;
    uint16_t photometric = 0, inks = INKSET_CMYK, count = 0, *kinds = NULL;
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric)) return corrupt(source, "no photometric interpretation");
    switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        samples->colors = tiff_grey;
        samples->is_inverted = photometric == PHOTOMETRIC_MINISWHITE;
        break;
    case PHOTOMETRIC_YCBCR:
        // Only JPEG's decoder makes RGB of it.
        if (!samples->is_jpeg || samples->is_planar) return unsupported(source, "photometric interpretation", photometric);
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        // fall through
    case PHOTOMETRIC_RGB: samples->colors = tiff_rgb; break;
    case PHOTOMETRIC_SEPARATED:
        TIFFGetFieldDefaulted(tiff, TIFFTAG_INKSET, &inks);
        if (inks != INKSET_CMYK) return unsupported(source, "a set of inks", inks);
        samples->colors = tiff_cmyk;
        break;
    case PHOTOMETRIC_PALETTE:
        samples->colors = tiff_palette;
        if (samples->is_float || samples->bits > 16) return unsupported(source, "a palette with bits for each sample:", samples->bits);
        if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &samples->palette[0], &samples->palette[1], &samples->palette[2])) {
            return corrupt(source, "no palette");
        }
        samples->palette_maximum = tiff_palette_maximum(samples);
        break;
    default: return unsupported(source, "photometric interpretation", photometric);
    }
    samples->color_count = samples->colors == tiff_rgb ? 3 : samples->colors == tiff_cmyk ? 4 : 1;
    if (samples->stored < samples->color_count) return unsupported(source, "too few samples for each pixel:", samples->stored);
    samples->alpha = -1;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
    for (int i = 0; i < count && samples->color_count + i < samples->stored && samples->alpha < 0; i++) {
        if (kinds[i] != EXTRASAMPLE_ASSOCALPHA && kinds[i] != EXTRASAMPLE_UNASSALPHA) continue;
        samples->alpha = samples->color_count + i;
        samples->is_premultiplied = kinds[i] == EXTRASAMPLE_ASSOCALPHA;
    }
    return cimage_ok;
}

static cimage_status describe(tiff_source *source, tiff_blocks *blocks) {
    TIFF *tiff = source->tiff;
    tiff_samples *samples = &blocks->samples;
    uint16_t format = 0, planar = 0, compression = 0, bits = 0, stored = 0;
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &blocks->width) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &blocks->height)
        || blocks->width == 0 || blocks->height == 0) {
        return corrupt(source, "no size");
    }
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &stored);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    const uint64_t ratio = expansion(compression);
    if (ratio == 0 || !TIFFIsCODECConfigured(compression)) return unsupported(source, "the compression", compression);
    samples->bits = bits;
    samples->stored = stored;
    samples->is_planar = planar == PLANARCONFIG_SEPARATE && stored > 1;
    samples->is_jpeg = compression == COMPRESSION_JPEG;
    samples->is_float = format == SAMPLEFORMAT_IEEEFP;
    if (!samples->is_float && format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
        return unsupported(source, "the format of samples", format);
    }
    if (samples->is_float ? bits != 16 && bits != 32 && bits != 64 : bits < 1 || bits > 16) {
        return unsupported(source, samples->is_float ? "floating-point samples of bits:" : "whole-numbered samples of bits:", bits);
    }
    const cimage_status chosen = choose_samples(source, samples);
    if (chosen != cimage_ok) return chosen;

    blocks->is_tiled = TIFFIsTiled(tiff);
    if (blocks->is_tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &blocks->block_width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &blocks->block_height);
    } else {
        uint32_t rows = 0;
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
        blocks->block_width = blocks->width;
        blocks->block_height = rows < blocks->height ? rows : blocks->height;
    }
    if (blocks->block_width == 0 || blocks->block_height == 0) return corrupt(source, "strips or tiles without pixels");
    // Before any memory is taken: no more pixels than allowed, and no more than so many bytes can be expanded to. A tile may reach
    // beyond the image.
    const uint64_t limit = source->input->pixel_limit, block = (uint64_t)blocks->block_width * blocks->block_height;
    const uint64_t pixels = (uint64_t)blocks->width * blocks->height;
    if (pixels > limit || block > limit) return cimage_too_large;
    const uint64_t pixel_bits = (uint64_t)stored * bits;
    if ((pixels > block ? pixels : block) * pixel_bits / 8 / ratio > source->input->count) return cimage_truncated;
    if (is_fax(compression) && blocks->height / 8 > source->input->count) return cimage_truncated;
    blocks->planes = samples->is_planar ? samples->color_count + (samples->alpha >= 0) : 1;
    blocks->row_bytes = (blocks->block_width * (samples->is_planar ? bits : pixel_bits) + 7) / 8;
    // What libtiff will write, should it count in another way.
    const uint64_t expected = blocks->is_tiled ? TIFFTileSize64(tiff) : TIFFVStripSize64(tiff, blocks->block_height);
    if (expected != blocks->row_bytes * blocks->block_height) {
        snprintf(source->message, cimage_message_size, "samples in an unknown arrangement");
        return cimage_unsupported;
    }
    return cimage_ok;
}

static cimage_status read_extras(TIFF *tiff, cimage_extras *extras) {
    uint32_t count = 0;
    void *profile = NULL;
    if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &count, &profile) && !copy_block(&extras->profile, profile, count)) return cimage_no_memory;
    uint16_t orientation = 0, unit = 0;
    float x = 0, y = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    extras->orientation = orientation;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
    if (unit != RESUNIT_NONE && TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x) && TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y)) {
        const double units = unit == RESUNIT_CENTIMETER ? 100 : 1 / 0.0254;
        extras->x_density = x * units;
        extras->y_density = y * units;
    }
    return cimage_ok;
}

// The planes of the strip or tile at (x, y) into memory.
static cimage_status read_block(tiff_source *source, const tiff_blocks *blocks, uint32_t x, uint32_t y, uint32_t rows) {
    TIFF *tiff = source->tiff;
    const tmsize_t bytes = (tmsize_t)(blocks->row_bytes * (blocks->is_tiled ? blocks->block_height : rows));
    for (int plane = 0; plane < blocks->planes; plane++) {
        const tiff_samples *samples = &blocks->samples;
        const uint16_t sample = (uint16_t)(plane < samples->color_count ? plane : samples->alpha);
        const uint32_t index = blocks->is_tiled ? TIFFComputeTile(tiff, x, y, 0, sample) : TIFFComputeStrip(tiff, y, sample);
        const uint64_t offset = TIFFGetStrileOffset(tiff, index), count = TIFFGetStrileByteCount(tiff, index);
        if (offset > source->input->count || count > source->input->count - offset) return cimage_truncated;
        uint8_t *out = source->samples + (uint64_t)plane * blocks->row_bytes * blocks->block_height;
        const tmsize_t got = blocks->is_tiled ? TIFFReadEncodedTile(tiff, index, out, bytes) : TIFFReadEncodedStrip(tiff, index, out, bytes);
        if (got != bytes || source->is_damaged) {
            if (!source->is_damaged) snprintf(source->message, cimage_message_size, "too few samples in a strip or tile");
            return failure(source);
        }
    }
    return cimage_ok;
}

static cimage_status read_pixels(tiff_source *source, const tiff_blocks *blocks, const cimage_target *target) {
    const uint64_t plane_bytes = blocks->row_bytes * blocks->block_height;
    source->samples = calloc((size_t)blocks->planes, plane_bytes);
    source->row = malloc(tiff_row_channels * sizeof(float) * blocks->block_width);
    if (!source->samples || !source->row) return cimage_no_memory;
    source->decodes = true;
    for (uint32_t top = 0; top < blocks->height; top += blocks->block_height) {
        const uint32_t rows = blocks->height - top < blocks->block_height ? blocks->height - top : blocks->block_height;
        for (uint32_t left = 0; left < blocks->width; left += blocks->block_width) {
            const cimage_status status = read_block(source, blocks, left, top, rows);
            if (status != cimage_ok) return status;
            const uint32_t columns = blocks->width - left < blocks->block_width ? blocks->width - left : blocks->block_width;
            for (uint32_t y = 0; y < rows; y++) {
                cimage_target place = *target;
                place.first += (ptrdiff_t)(top + y) * target->row + (ptrdiff_t)left * target->pixel;
                tiff_unpack_row(&blocks->samples, source->samples + y * blocks->row_bytes, plane_bytes, columns, source->row, &place);
            }
            if (blocks->width - left <= blocks->block_width) break;  // before it may overflow
        }
        if (blocks->height - top <= blocks->block_height) break;
    }
    return cimage_ok;
}

static cimage_status read_tiff(tiff_source *source, cimage_layout *layout, cimage_extras *extras, const cimage_target *target) {
    const cimage_status found = tiff_find_page(source->input, source->input->page, &source->page, NULL, source->message);
    if (found != cimage_ok) return found;
    source->tiff = open_tiff(source);
    if (source->is_short) return cimage_truncated;
    if (!source->tiff) return failure(source);
    // Tags whose damage libtiff gets over are none of the pixels'.
    source->is_damaged = false;
    source->message[0] = 0;
    tiff_blocks blocks = {0};
    const cimage_status status = describe(source, &blocks);
    const cimage_layout before = *layout;
    *layout = (cimage_layout){
        .width = blocks.width,
        .height = blocks.height,
        .channels = tiff_channels(&blocks.samples),
        .bits = tiff_depth(&blocks.samples),
        .scratch = (uint64_t)blocks.planes * blocks.row_bytes * blocks.block_height,
    };
    if (status != cimage_ok) return status;
    if (!target) return read_extras(source->tiff, extras);
    // The target is for what the header said before: a file may change meanwhile.
    if (layout->width != before.width || layout->height != before.height || layout->channels != before.channels) {
        return corrupt(source, "another size than a moment ago");
    }
    return read_pixels(source, &blocks, target);
}

cimage_status cimage_read_tiff(
    const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target, char *message) {
    tiff_source source = {.input = input, .message = message};
    message[0] = 0;
    const cimage_status status = read_tiff(&source, layout, extras, target);
    if (source.tiff) TIFFClose(source.tiff);
    free(source.samples);
    free(source.row);
    return status;
}
