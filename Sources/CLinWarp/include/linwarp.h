// LinWarp from C: alignment, warping and differentiable sampling of images.
//
//     linwarp_options *options = linwarp_options_create();
//     linwarp_alignment *alignment = NULL;
//     if (linwarp_options_set_text(options, "family", "affine") || linwarp_align(options, &source, &target, &alignment))
//         fprintf(stderr, "%s\n", linwarp_last_error());
//
// Status. A function that can fail gives a status: LINWARP_OK, which is 0, or what kind of failure it was; `linwarp_last_error` says in one line
// what was found and what was expected. Outputs are written only where it is LINWARP_OK, but for pixels and numbers of outputs that a failure
// interrupts.
//
// Ownership. What `..._create`, `linwarp_align` and `linwarp_stack_align` give is the caller's until `..._destroy`. A handle that has been
// destroyed, or is none, is an error and nothing worse. Memory of images and arrays stays the caller's, and is used only during a call.
//
// Threads. Functions may be called from any number of threads at once. A handle may be read by many at once, not while one changes it. All
// share one pool of `linwarp_threads()` threads.
//
// Coordinates. x goes to the right, y down. Normalized coordinates go from -1 to 1 between the outer edges of an image's border pixels (in
// PyTorch's words: align_corners=False). A matrix has nine numbers, row by row, acts on (x, y, 1), and goes from the target to the source, unless
// the option "convention" names another.
#ifndef LINWARP_H
#define LINWARP_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Changes whenever a program that was compiled with an earlier header would not work with the library any more.
#define LINWARP_ABI_VERSION 1

typedef enum {
    LINWARP_OK = 0,
    LINWARP_INVALID_ARGUMENT = 1,  // an argument, an option or an image is not what the function takes
    LINWARP_FAILED = 2,            // the work itself can't be done, as with a stack none of whose frames fit
    LINWARP_NO_MEMORY = 3,         // the system has not as much memory as the work needs
} linwarp_status;

// The library's version, such as "0.2.0", and the LINWARP_ABI_VERSION that it was built with.
const char *linwarp_version(void);
int linwarp_abi_version(void);

// What the last function of this thread that failed found and what it expected: one line, "" if none has. Valid until the thread's next call.
const char *linwarp_last_error(void);

// How many threads work: at the start LINWARP_THREADS of the environment, or as many as there are processors. Results are the same to the
// bit whatever it is.
int linwarp_threads(void);
linwarp_status linwarp_set_threads(int count);

// What numbers are. Whole numbers stand for 0 to 1: of 255 or 65535.
typedef enum { LINWARP_UINT8 = 0, LINWARP_UINT16 = 1, LINWARP_FLOAT32 = 2, LINWARP_FLOAT64 = 3 } linwarp_type;

// An image in the caller's memory: sample c of pixel (x, y) is at data + c * channel_stride + y * row_stride + x * column_stride, in bytes. So
// it may be planar or interleaved, a part of another, upside down, and numbers need not be aligned. Those of an output lead to places that
// do not overlap. At most 2^31 numbers.
typedef struct {
    void *data;
    linwarp_type type;
    int64_t channels, height, width;
    int64_t channel_stride, row_stride, column_stride;
} linwarp_image;

// An array of 32- or 64-bit floats in the caller's memory, strides in bytes as of an image.
typedef struct {
    void *data;
    linwarp_type type;
    int64_t rank;
    int64_t shape[4];
    int64_t strides[4];
} linwarp_array;

// Options by name. A function that does not know an option that is set refuses it, so options are made for a kind of function. Setting an
// option again replaces its value.
typedef struct linwarp_options linwarp_options;
linwarp_options *linwarp_options_create(void);
void linwarp_options_destroy(linwarp_options *options);
linwarp_status linwarp_options_set_text(linwarp_options *options, const char *name, const char *value);
linwarp_status linwarp_options_set_number(linwarp_options *options, const char *name, double value);
linwarp_status linwarp_options_set_numbers(linwarp_options *options, const char *name, const double *values, int64_t count);
// Copies the image: for masks, of one channel, whose pixels count where they are above one half.
linwarp_status linwarp_options_set_image(linwarp_options *options, const char *name, const linwarp_image *image);

// Alignment: the transformation that, applied to `source`, gives `target`. One of both may have one channel where the other has several.
//
//     "family"       text: translation, euclidean, similarity, affine (the default), homography, ...
//     "initial"      nine numbers, in the convention: begins there instead of anywhere
//     "near"         text: yes begins at "initial" (without it, the identity) and nowhere else: the fastest
//     "comparing"    text: auto (the default), intensity, structure
//     "convention"   text, of "initial": normalized (the default), opencv, itk, skimage, torch
//     "source-mask", "target-mask"   images
//
// `options` may be null.
typedef struct linwarp_alignment linwarp_alignment;
linwarp_status linwarp_align(
    const linwarp_options *options, const linwarp_image *source, const linwarp_image *target, linwarp_alignment **alignment);
void linwarp_alignment_destroy(linwarp_alignment *alignment);

// The matrix, as a convention writes it; null for "normalized".
linwarp_status linwarp_alignment_matrix(const linwarp_alignment *alignment, const char *convention, double matrix[9]);
// Texts: "verdict" (trusted, doubtful, failed), "status" (converged, ...), "family". Valid until the alignment is destroyed.
linwarp_status linwarp_alignment_text(const linwarp_alignment *alignment, const char *name, const char **value);
// Numbers: "parameters"; their "covariance", row by row; "corner-deviations", of the target's corners (upper left, upper right, lower right,
// lower left) in source pixels; "correlation", "overlap", "steady-tiles", "runner-up", "gain", "bias", "losses". Writes at most `capacity` of
// them to `values`, which may be null for none, and how many there are to `count`: 0 for what is not known.
linwarp_status linwarp_alignment_numbers(
    const linwarp_alignment *alignment, const char *name, double *values, int64_t capacity, int64_t *count);

// Warping: the source under a matrix, in the target's size, channels and type. Whole numbers are rounded and clamped.
//
//     "convention"      text, of the matrix
//     "interpolation"   text: auto (the default: averages where the image shrinks, cubic elsewhere), nearest, bilinear, cubic, area
//     "padding"         text: zeros (the default), border, reflection
//     "alpha"           text: yes where the last channel is opacity, so that transparent pixels' colors do not come through; no is the default
linwarp_status linwarp_warp(
    const linwarp_options *options, const linwarp_image *source, const double matrix[9], const linwarp_image *target);

// Sampling as networks do it, with slopes. `input` is [N, C, H, W]; `grid` is [N, h, w, 2] (x and y, normalized source coordinates), or matrices
// [N, 3, 3] or [N, 2, 3] from normalized target to normalized source coordinates; results are [N, C, h, w]. All arrays have the
// same type. A batch of 1 of input or grid serves all.
//
//     "sampler"              text: linearized (the default), bilinear, multi-scale
//     "padding"              text: zeros (the default), border, reflection
//     "align-corners"        text: yes or no (the default)
//     "seed", "call"         numbers: of the linearized sampler's noise; 0
//     "samples", "sigma", "regularization"   numbers: 8, 1, 0.001
//     "prevents-collapse"    text: yes (the default) or no
//     "noise-frame"          text: target (the default; the paper), source: sigma is in pixels of the result as they are where nothing is transformed
//     "bias"                 text: included (the default), excluded, mean
//     "outside"              text: left-out (the default), counted: of samples outside of the image
//     "image-gradient"       text: none (the default), centre, all-samples
//     "draws"                text: independent (the default; the paper), lattice (spread evenly: nearly as exact with half as many samples)
//     "solver"               text: fused (the default), blas, shared-noise
//     "sigmas"               numbers: of the multi-scale sampler; 1, 5, 10
//
// Writes the sampled values and, where they are not null, the slopes by the normalized source position.
linwarp_status linwarp_sample(
    const linwarp_options *options, const linwarp_array *input, const linwarp_array *grid, const linwarp_array *values,
    const linwarp_array *slopes_x, const linwarp_array *slopes_y);

// The gradients of a sum of the values times `weights`, [N, C, h, w], by the input and by the grid as it was given; null for what isn't asked for.
// `slopes_x` and `slopes_y` are those that linwarp_sample gave for the same arguments: with them the linearized sampler need not draw its samples
// once more. Null where they are not at hand.
linwarp_status linwarp_sample_gradient(
    const linwarp_options *options, const linwarp_array *input, const linwarp_array *grid, const linwarp_array *weights,
    const linwarp_array *slopes_x, const linwarp_array *slopes_y, const linwarp_array *input_gradient, const linwarp_array *grid_gradient);

// Stacks: many frames of one scene. `frame` is asked for an image by its index, from several threads at once and more than once; it fills
// in where the image is and returns 0, or another number where there is none. `release`, which may be null, is told when the image, which is
// copied, is not used any more. Both functions and `context` must work as long as the stack lives: combining asks for the frames again.
//
//     "reference"   text: first (the default), previous, mean, or a number from 0
//     "family"      text, as for alignment
//     "mask"        image
typedef struct linwarp_stack linwarp_stack;
typedef struct {
    int64_t count;
    int (*frame)(void *context, int64_t index, linwarp_image *image);
    void (*release)(void *context, int64_t index, linwarp_image *image);
    void *context;
} linwarp_frames;
linwarp_status linwarp_stack_align(const linwarp_options *options, const linwarp_frames *frames, linwarp_stack **stack);
void linwarp_stack_destroy(linwarp_stack *stack);

// Where a frame lies: the normalized matrix from the reference to it, and the deviations of the reference's corners in pixels. `reason` is why it
// is left out, or "" where it is not; valid until the stack is destroyed. Any of the outputs may be null. Of a frame for which nothing was found
// the numbers are NaN.
linwarp_status linwarp_stack_frame(
    const linwarp_stack *stack, int64_t index, double matrix[9], double corner_deviations[4], const char **reason);

// What a crop ("common", "reference" or "all") is of the reference's plane: the upper left pixel, width and height.
linwarp_status linwarp_stack_window(const linwarp_stack *stack, const char *crop, int64_t window[4]);

// The frames that belong to the stack as one image, "mean", "median" or "sharpest", of the window's size and with the frames' channels.
linwarp_status linwarp_stack_combine(
    const linwarp_stack *stack, const char *combination, const int64_t window[4], const linwarp_image *target);

#ifdef __cplusplus
}
#endif

#endif
