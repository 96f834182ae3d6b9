// Image files in memory to and from planar floats. Nothing here prints, exits, touches files or keeps state.
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    cimage_ok = 0,
    cimage_truncated,  // the data end before the image does, or are too few for the size that the header claims
    cimage_corrupt,    // the message says what is wrong
    cimage_too_large,  // more pixels than the limit; the layout is filled in
    cimage_no_memory,
    cimage_unsupported,  // a valid file of a kind that is not read; the message says which
} cimage_status;

// Every `message` below is a buffer of this size; it holds an empty string unless the status needs one.
enum { cimage_message_size = 256 };

// Size of the stored image; 1 to 4 channels (grey, grey + alpha, RGB, RGBA), 8 or 16 bits a sample, or 32 for floats.
typedef struct {
    uint32_t width, height;
    int channels, bits;
    uint64_t scratch;  // on reading: the bytes that decoding takes besides the pixels
} cimage_layout;

// Bytes that the caller frees; null where there are none.
typedef struct {
    uint8_t *bytes;
    size_t count;
} cimage_block;

// What a file says besides its pixels. Readers don't judge the blocks.
typedef struct {
    cimage_block profile, exif;     // an ICC profile; EXIF data, which begin with a TIFF header
    int orientation;                // as EXIF counts, where the format itself has one; otherwise 0
    double x_density, y_density;    // pixels per metre; 0 if unknown
} cimage_extras;

// Where pixels go: sample c of the stored pixel (x, y) to first[c * plane + y * row + x * pixel]. The steps may be negative, which
// turns and mirrors an image while it is read.
typedef struct {
    float *first;
    ptrdiff_t pixel, row, plane;
} cimage_target;

// Calls work(context, i) for each i below `count`, on as many threads at once as it likes, and returns when all are through.
typedef void (*cimage_spread)(size_t count, void (*work)(void *context, size_t i), void *context);

typedef struct {
    const uint8_t *bytes;  // or null: then, of TIFF, those of an open file
    int file;
    size_t count;
    uint64_t pixel_limit;
    uint32_t page;  // counted from 0; of formats that have several
    cimage_spread spread;
} cimage_input;

// Without a target reads the header into `layout` and what else the file says into `extras`; with one all the pixels, and those extras
// that were not there before because they come after the pixels. Whatever the status, the extras are to be freed.
cimage_status cimage_read_png(
    const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target, char *message);

// The same for JPEG. CMYK comes out as RGB, always 8 bits.
cimage_status cimage_read_jpeg(
    const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target, char *message);

// The same for TIFF, of the input's page. CMYK and palettes come out as RGB, alpha not premultiplied.
cimage_status cimage_read_tiff(
    const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target, char *message);

// How many pages a TIFF file has.
cimage_status cimage_count_tiff_pages(const cimage_input *input, uint32_t *count, char *message);

// The same for WebP, lossy or lossless: RGB or RGBA of 8 bits. No animations.
cimage_status cimage_read_webp(
    const cimage_input *input, cimage_layout *layout, cimage_extras *extras, const cimage_target *target, char *message);

void cimage_free_extras(cimage_extras *extras);

// What is written besides pixels; the profile must be of the image's colors.
typedef struct {
    const uint8_t *profile;  // null for none
    size_t profile_count;
    double x_density, y_density;  // pixels per metre; 0 for unknown
} cimage_written_extras;

// Encodes `layout.channels` contiguous planes, the same bytes however the work is spread. On success the caller frees `*bytes`; otherwise it is null.
cimage_status cimage_write_png(
    const float *planes, cimage_layout layout, const cimage_written_extras *extras, cimage_spread spread, cimage_block *encoded, char *message);

// The same for JPEG, on one thread: 1 or 3 channels, 8 bits, quality 1 to 100; chroma keeps its full resolution from quality 90 on.
cimage_status cimage_write_jpeg(
    const float *planes, cimage_layout layout, const cimage_written_extras *extras, int quality, cimage_block *encoded, char *message);

// The same for TIFF, of 8, 16 or, as floats, 32 bits.
cimage_status cimage_write_tiff(
    const float *planes, cimage_layout layout, const cimage_written_extras *extras, cimage_block *encoded, char *message);

// The same for WebP of 8 bits, which has no grey: it becomes RGB. Quality 1 to 100; 0 for lossless. No density.
cimage_status cimage_write_webp(
    const float *planes, cimage_layout layout, const cimage_written_extras *extras, int quality, cimage_block *encoded, char *message);

// One row of interleaved samples (bytes, or big-endian pairs of bytes) to floats: each is divided by `maximum`.
void cimage_unpack_row(const uint8_t *samples, cimage_layout layout, float maximum, const cimage_target *target, uint32_t y);

// Row y of contiguous planes to interleaved samples, the inverse of the above with the largest value of the bit depth as maximum:
// clamped to 0...1, NaN as 0, rounded.
void cimage_pack_row(const float *planes, cimage_layout layout, uint32_t y, uint8_t *samples);

// Whether one of `count` values rounds to none of 0...`maximum` after it is multiplied by that: then `cimage_pack_row` clamps it.
bool cimage_clips(const float *values, size_t count, float maximum);

// The libraries' versions, for reports.
const char *cimage_png_version(void);
const char *cimage_jpeg_version(void);
// In the first line, after a name.
const char *cimage_tiff_version(void);
// Major, minor and revision, each in eight bits.
int cimage_webp_version(void);

#endif
