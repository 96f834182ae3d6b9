// PNG and JPEG in memory to and from planar floats of 0...1. Nothing here prints, exits, touches files or keeps state.
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

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

// Size of the stored image; 1 to 4 interleaved channels (grey, grey + alpha, RGB, RGBA), 8 or 16 bits a sample.
typedef struct {
    uint32_t width, height;
    int channels, bits;
} cimage_layout;

// Where pixels go: sample c of the stored pixel (x, y) to first[c * plane + y * row + x * pixel]. The steps may be negative, which
// turns and mirrors an image while it is read.
typedef struct {
    float *first;
    ptrdiff_t pixel, row, plane;
} cimage_target;

// Reads the header into `layout` and, if `target` is not null, all the pixels. To learn the layout first, call without a target.
cimage_status cimage_read_png(
    const uint8_t *bytes, size_t count, uint64_t pixel_limit, cimage_layout *layout, const cimage_target *target, char *message);

// The same for JPEG. CMYK comes out as RGB, always 8 bits; the orientation from EXIF is left to the caller.
cimage_status cimage_read_jpeg(
    const uint8_t *bytes, size_t count, uint64_t pixel_limit, cimage_layout *layout, const cimage_target *target, char *message);

// Encodes `layout.channels` contiguous planes. On success the caller frees `*bytes`; otherwise it is null.
cimage_status cimage_write_png(const float *planes, cimage_layout layout, uint8_t **bytes, size_t *count, char *message);

// The same for JPEG: 1 or 3 channels, 8 bits, quality 1 to 100; chroma keeps its full resolution from quality 90 on.
cimage_status cimage_write_jpeg(
    const float *planes, cimage_layout layout, int quality, uint8_t **bytes, size_t *count, char *message);

// One row of interleaved samples (bytes, or big-endian pairs of bytes) to floats: each is divided by `maximum`.
void cimage_unpack_row(const uint8_t *samples, cimage_layout layout, float maximum, const cimage_target *target, uint32_t y);

// Row y of contiguous planes to interleaved samples, the inverse of the above with the largest value of the bit depth as maximum:
// clamped to 0...1, NaN as 0, rounded.
void cimage_pack_row(const float *planes, cimage_layout layout, uint32_t y, uint8_t *samples);

// The libraries' versions, for reports.
const char *cimage_png_version(void);
const char *cimage_jpeg_version(void);

#endif
