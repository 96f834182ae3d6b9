// The inner loops of LinWarp. Every function works on memory that the caller owns and touches nothing else.
// Coordinates here are in source pixels: pixel centres at 0, 1, 2, ...; the callers convert from normalized ones.
#ifndef CWARPKERNELS_H
#define CWARPKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Which instruction set a table was compiled for.
typedef enum { warp_level_baseline = 0, warp_level_avx2 = 1, warp_level_avx512 = 2 } warp_level;

// Key of the counter-based generator: the same key and counters give the same bits wherever they are computed.
typedef struct {
    uint64_t seed;
    uint32_t call;   // which call of the sampler: changes from one training step to the next
    uint32_t image;  // position in the batch
} warp_noise_key;

// What lies outside of an image.
typedef enum { warp_padding_zeros = 0, warp_padding_border = 1, warp_padding_reflection = 2 } warp_padding;

// One image, planar: `channels` planes of height x width, each row contiguous, rows and planes without gaps. Kernels of interleaved
// images see a pixel's channels side by side instead.
typedef struct {
    const void *pixels;
    int channels, height, width;
    warp_padding padding;
    bool align_corners;  // decides where reflection mirrors and where a sample counts as out of bounds
} warp_image;

// What interleaved images are made of: numbers as they are, or bytes that stand for 0 to 1.
typedef enum { warp_elements_floats = 0, warp_elements_bytes = 1 } warp_elements;

// How the samples of a pixel are scattered: each by itself, or as a lattice that is spread evenly (lattice.inc).
typedef enum { warp_draws_independent = 0, warp_draws_lattice = 1 } warp_draws;

// Where the noise in pixels of the target is added: before the transformation, or after it along the source's axes, as wide as the target's pixels
// are without a transformation.
typedef enum { warp_frame_target = 0, warp_frame_source = 1 } warp_frame;

// What a linearized value adds to the sample at the centre: nothing, the height of the plane there, or the mean of all samples' differences from it.
typedef enum { warp_bias_none = 0, warp_bias_height = 1, warp_bias_mean = 2 } warp_bias;

// Bounds of the kernels' own stack: samples a pixel (the centre included), pairs of normals a pixel, pixels handled together; of `resample`
// the samples along a row of a pixel and the columns that they see, beyond which it goes the longer way.
enum { warp_max_samples = 64, warp_max_pairs = 2 * warp_max_samples, warp_tile = 64, warp_max_across = 64, warp_max_span = 512 };

// Where the pixels of a target, counted row by row, sample the source: under a row-major 3x3 matrix from normalized target to normalized
// source coordinates or, where that is null, at points: [height, width, 2], normalized source coordinates x and y. Both are of the
// kernel's scalar type.
typedef struct {
    const void *matrix, *points;
    int height, width;
    bool align_corners;  // -1 and 1 are the centres of the target's border pixels, not their outer edges
} warp_grid;

// Results for a run of target pixels: `values` and slopes of channel c, pixel i at [c * stride + i]. Slopes are by normalized source
// coordinates; their arrays may be null.
typedef struct {
    void *values, *slope_u, *slope_v;
    size_t stride;
} warp_run;

// The noise of a target: drawn, or given as [samples - 1, 4, height, width] of the kernel's scalar type: components n along x and y, m
// along x and y. Where it is shared, all pixels have that of pixel 0; then it is given as [samples - 1, 4].
typedef struct {
    warp_noise_key key;
    const void *given;  // or null
    bool shared;
} warp_noise;

// Whether the noise before the transformation and the noise after it are drawn as one Gaussian, of the same distribution: not under
// perspective, which bends the former. Then a sample takes one pair of normals, else two.
// Noise in the source's frame is never bent.
static inline bool warp_combines_noise(bool affine, warp_frame frame, const warp_noise *noise) {
    return (affine || frame == warp_frame_source) && !noise->given;
}

// Where the gradient by a grid goes: added to nine sums, by the matrix in normalized coordinates, or written by the points, [height,
// width, 2].
typedef struct {
    double *matrix;
    void *points;
} warp_grid_gradient;

typedef struct {
    int samples;           // K, the centre included
    double sigma;          // of the noise in target pixels
    warp_frame frame;      // where that is added
    double collapse;       // noise after the transformation, in source pixels; 0 switches it off
    double epsilon;        // Tikhonov regularization, in squared source pixels
    warp_bias bias;        // what is added to the value
    bool counts_outside;   // samples outside of the source are part of the fit, with what the padding puts there
    warp_draws draws;      // of noise that is not given
} warp_linearization;

// Runs of neighbouring taps of a convolution, each `length` elements: where they begin in the source, and in the weights (there counted in
// vectors of lanes).
typedef struct {
    int runs, length;
    const ptrdiff_t *source, *weights;
} warp_taps;

// Output pixels of an image, and how far apart, in elements, neighbours are in the source and in the gradient by the output.
typedef struct {
    int rows, columns;
    ptrdiff_t source_row, source_step, cotangent_row, cotangent_step;
} warp_pixels;

// The maps of Winograd's F(2x2, 3x3) from and to the space in which a convolution is a product: of 4x4 inputs, of 3x3 taps, and of the 4x4
// products to 2x2 outputs; and for the gradient by the taps, of 2x2 outputs' and back to 3x3. Those of F(2x2, 5x5) alike, with 6x6 and 5x5.
typedef enum {
    warp_winograd_image,
    warp_winograd_weights,
    warp_winograd_outputs,
    warp_winograd_cotangent,
    warp_winograd_weight_gradient
} warp_winograd;

// mean += gain1 (g - mean); square = decay2 square + gain2 g g; parameter -= rate mean / (sqrt(square) + epsilon).
typedef struct {
    double gain1, decay2, gain2, rate, epsilon;
} warp_adam;

// What a sample is.
typedef enum { warp_nearest, warp_between_four, warp_cubic } warp_interpolation;

// A planar image seen under a row-major matrix from the target's pixels to the source's, centres at whole numbers: each pixel of the target is
// the mean of across x down samples, `apart_x` and `apart_y` target pixels apart. `keys` is the parameter of Keys' cubic convolution.
typedef struct {
    const void *source;
    int channels, source_height, source_width, target_height, target_width, across, down;
    warp_interpolation interpolation;
    warp_padding padding;
    double keys;
    double apart_x, apart_y;
    double matrix[9];
} warp_resampling;

// Two images that are compared under a row-major matrix from normalized target to normalized source coordinates, -1 and 1 at the outer
// edges: planar, with the same channels. Where `*_counts` is not null, pixels with a 0 there count for nothing; of the source that are those
// nearest to the sampled place. Nor does what comes nearer to the source's edge than `margin` pixels.
typedef struct {
    const void *source, *target;
    const uint8_t *source_counts, *target_counts;
    int channels, source_height, source_width, target_height, target_width;
    double margin;
    double matrix[9];
} warp_pair;

// Pixels left ..< right of the rows top ..< bottom.
typedef struct {
    int left, top, right, bottom;
} warp_rectangle;

// How the target follows from the source: gain * s + bias; pixels that miss it by 1 / inverse_reach count for nothing. Where it `clips`,
// values of 0 and 1 stand for whatever lies beyond them.
typedef struct {
    double gain, bias, inverse_reach;
    bool clips;
} warp_photometry;

// The sums of one channel over a tile, of weights w, source values s, target values t and z = (a, b, c) x (x, y, 1), the derivatives of s by
// the nine elements of the matrix: w, ws, wt, wss, wst, wtt; then for each of a, b, c: wz, wsz, wtz (three numbers each) and, for itself and
// those behind it, its products with them times w (xx, xy, x, yy, y, 1).
enum { warp_pair_moments = 6 + 3 * 9 + 6 * 6 };

// Functions of each element. The exponential, the logarithm, sine and cosine are within one unit in the last place, the hyperbolic tangent and the
// sigmoid within 2.5, gelu within 6; the slope of gelu, which crosses zero, within 3 of the units of numbers below 1. Subnormal numbers are
// taken and given as they are, and NaN gives NaN.
typedef enum {
    warp_exp,
    warp_log,         // of 0 minus infinity, of what is below NaN
    warp_tanh,
    warp_sigmoid,     // 1 / (1 + e^-x)
    warp_gelu,        // x times the probability that a standard normal number is below x
    warp_gelu_slope,  // its derivative
    warp_sin,         // of radians, and of a million and more the C library's
    warp_cos,
} warp_function;

// The functions for one scalar type at one instruction set. `void *` are arrays of that type.
typedef struct {
    warp_level level;

    // The normals that scatter `samples` samples of each of the pixels first_pixel ..< first_pixel + count, in pairs: one of each of `kinds` kinds,
    // 1 or 2. Component j of pair number k kinds + kind, k from 0, of pixel i at normals[(2 (k kinds + kind) + j) * stride + i].
    void (*sample_normals)(warp_noise_key key, warp_draws draws, int samples, int kinds, uint32_t first_pixel, int count, void *normals,
                           size_t stride);

    // `count` normals (or uniforms in [0, 1)), starting at element `first` of the stream that the key names.
    void (*normals)(warp_noise_key key, uint64_t first, size_t count, void *out);
    void (*uniforms)(warp_noise_key key, uint64_t first, size_t count, void *out);

    // Solves (A + epsilon E) X = B in place for `count` symmetric positive definite 3x3 matrices by Cholesky.
    // a: six planes xx xy xz yy yz zz of `stride`; b: 3 * rhs planes, row r of right-hand side c in plane r * rhs + c.
    // Returns the index of the first matrix that is not positive definite, or -1.
    ptrdiff_t (*solve3)(size_t count, size_t stride, int rhs, double epsilon, const void *a, void *b);

    // Below, a run is the target pixels first ..< first + count of a grid.

    // Values and, where asked for, slopes of bilinear interpolation.
    void (*bilinear)(const warp_image *image, const warp_grid *grid, int first, int count, const warp_run *run);

    // Values alone, of an image whose channels are interleaved.
    void (*bilinear_interleaved)(const warp_image *image, warp_elements elements, const warp_grid *grid, int first, int count, void *values,
                                 size_t stride);

    // The same of linearized multi-sampling.
    void (*linearized)(const warp_image *image, const warp_grid *grid, const warp_linearization *options, const warp_noise *noise,
                       int first, int count, const warp_run *run);

    // The systems that it solves, in Double for both scalar types: for pixel i of the run the samples - 1 rows of X (Eq. 6), one pixel after
    // the other, and those of Y (Eq. 5), `channels` numbers each; and the values at the centres, of channel c at [c * stride + i].
    void (*linearized_rows)(const warp_image *image, const warp_grid *grid, const warp_linearization *options, const warp_noise *noise,
                            int first, int count, double *x, double *y, void *centres, size_t stride);

    // Adjoints: add to image_gradient (planar, like the image) what `cotangent` ([c * stride + i]) sends back.
    void (*bilinear_scatter)(const warp_image *shape, const warp_grid *grid, int first, int count, const void *cotangent, size_t stride,
                             void *image_gradient);
    void (*linearized_scatter)(const warp_image *shape, const warp_grid *grid, const warp_linearization *options,
                               const warp_noise *noise, int first, int count, const void *cotangent, size_t stride,
                               void *image_gradient);

    // The gradient by the grid: bilinear slopes computed anew, or given slopes by normalized source coordinates, times `cotangent`.
    void (*bilinear_gradient)(const warp_image *image, const warp_grid *grid, int first, int count, const void *cotangent, size_t stride,
                              const warp_grid_gradient *out);
    void (*slope_gradient)(const warp_image *shape, const warp_grid *grid, int first, int count, const void *slope_u, const void *slope_v,
                           const void *cotangent, size_t stride, const warp_grid_gradient *out);

    // That of an image whose channels are interleaved.
    void (*bilinear_interleaved_gradient)(const warp_image *image, warp_elements elements, const warp_grid *grid, int first, int count,
                                          const void *cotangent, size_t stride, const warp_grid_gradient *out);

    // Convolution of `lanes` (4, 8 or 16) outputs: out[p * out_step + l] is the sum over the taps' elements k of
    // source[p * step + k] * weights[k * lanes + l], for output pixels p.
    void (*convolve)(int lanes, const warp_taps *taps, const void *source, ptrdiff_t step, int pixels, const void *weights,
                     void *out, ptrdiff_t out_step);

    // Its adjoint by the weights: adds to sums[e * lanes + l] the products source[e] * cotangent[l] at all pixels, for e < length.
    void (*convolve_weights)(int lanes, const warp_pixels *pixels, int length, const void *source, const void *cotangent,
                             void *sums);

    // Convolution of planes: out[o * out_row + i] is the sum over taps t of source[places[t] + i] * weights[t * outputs + o], for o < outputs, which are 1
    // to 4, and i < count; reads and writes up to 15 elements further.
    void (*correlate)(int outputs, int taps, const ptrdiff_t *places, const void *weights, const void *source, int count, void *out,
                      ptrdiff_t out_row);

    // Its adjoint by the weights, in sixteen parts: adds to sums[(t * outputs + o) * 16 + l] the products source[places[t] + i] *
    // cotangent[o * cotangent_row + i], for i < count, which is a multiple of 16, and l = i mod 16.
    void (*correlate_weights)(int outputs, int taps, const ptrdiff_t *places, const void *source, const void *cotangent,
                              ptrdiff_t cotangent_row, int count, void *sums);

    // target[c * target_row + r] = source[r * source_row + c] + shifts[c]; shifts may be null.
    void (*transpose)(int rows, int columns, const void *source, ptrdiff_t source_row, const void *shifts, void *target,
                      ptrdiff_t target_row);

    // target[r * target_row + i] = source[r * source_row + i] + shifts[r], for i < count; shifts may be null.
    void (*copy_rows)(int rows, int count, const void *source, ptrdiff_t source_row, const void *shifts, void *target,
                      ptrdiff_t target_row);

    // One of Winograd's maps for 3 or 5 taps along an axis, of matrices whose elements are runs of `count` numbers: the rows and columns of source and target lie as far apart
    // as is said.
    void (*winograd)(warp_winograd map, int taps, int count, const void *source, ptrdiff_t source_row, ptrdiff_t source_column, void *target,
                     ptrdiff_t target_row, ptrdiff_t target_column);

    // target[r * target_row + j] is the sum over i < terms of matrix[r * terms + i] * source[i * source_row + j], for r < rows and j < count,
    // which is 16 at least.
    void (*map_rows)(int rows, int terms, const void *matrix, int count, const void *source, ptrdiff_t source_row, void *target,
                     ptrdiff_t target_row);

    // Products of complex numbers, whose imaginary parts lie as far behind the real ones as is said: target[r * target_row + l] is the sum over
    // k < terms of factors[r * factor_row + k] * source[16 k + l], for r < rows and l < 16.
    void (*complex_products)(int rows, int terms, const void *factors, ptrdiff_t factor_row, ptrdiff_t factor_imaginary,
                             const void *source, ptrdiff_t source_imaginary, void *target, ptrdiff_t target_row,
                             ptrdiff_t target_imaginary);

    // Adds to sums[r * columns + c] the products of the complex numbers left[16 r + l] and right[16 c + l] of all lanes l < 16 and of all items,
    // which lie as far apart as is said.
    void (*complex_sums)(int rows, int columns, int items, const void *left, ptrdiff_t left_imaginary, ptrdiff_t left_item,
                         const void *right, ptrdiff_t right_imaginary, ptrdiff_t right_item, void *sums, ptrdiff_t sums_imaginary);

    // Twice the Fourier transforms, or their conjugates, of sixteen tiles of 16 x 16, pixel [y][x] of lane l at tile[y * row + 16 x + l]; rows
    // from `rows` on, which must be zero where that is odd, and columns from `columns` on count for nothing. Of the frequencies, 16 rows of 0 to 8, number k is at
    // target[k * frequency + l], and its imaginary part so far behind.
    void (*fourier_tile)(int rows, int columns, const void *tile, ptrdiff_t row, bool conjugate, void *target, ptrdiff_t frequency,
                         ptrdiff_t imaginary);

    // The first rows, or one more where their number is odd, of the tiles whose transforms are a quarter of the source.
    void (*fourier_tile_inverse)(int rows, const void *source, ptrdiff_t frequency, ptrdiff_t imaginary, void *tile, ptrdiff_t row);

    // target += scale * source for runs of `length` elements that begin at the given places; scale is one number.
    void (*add_runs)(int runs, int length, const void *scale, const void *source, const ptrdiff_t *source_runs, void *target,
                     const ptrdiff_t *target_runs);

    // Where a sum is the largest until now, or a NaN, or the position the first one, 0, takes it and its position over.
    void (*update_peaks)(int count, int32_t position, const void *sums, void *peaks, int32_t *places);

    // The largest element of each of height x width windows, `size` x `size` and `stride` apart, of a plane whose rows are `row` long, and
    // its place: the first of several that are equally large. A NaN is larger than any number.
    void (*max_pool)(const void *plane, int row, int size, int stride, int height, int width, void *out, int32_t *places);

    // A step of Adam for `count` parameters, as its rule says.
    void (*adam)(const warp_adam *rule, size_t count, const void *gradients, void *parameters, void *means, void *squares);

    // The moments over a tile of the target, channel after channel. A photometry for each channel, or none: then pixels weigh alike.
    void (*pair_moments)(const warp_pair *pair, const warp_rectangle *tile, const warp_photometry *photometry, double *moments);

    // A tile of the target, in every channel of `out`.
    void (*resample)(const warp_resampling *resampling, const warp_rectangle *tile, void *out);

    // The function of each of `count` elements.
    void (*apply)(warp_function function, size_t count, const void *elements, void *values);

    // Below, matrices have `rows` contiguous rows of `columns` elements.

    // Where the first of each row's largest (or smallest) elements stands in it. A NaN comes before any number. At least one column.
    void (*extremes)(bool largest, size_t rows, size_t columns, const void *matrix, ptrdiff_t *places);

    // The sum of each column, of rows whose beginnings are `stride` elements apart; few enough for sums of the scalar type.
    void (*sum_rows)(size_t rows, size_t columns, const void *matrix, size_t stride, void *out);
    // The sum of `count` elements, in 64 parts.
    void (*sum)(size_t count, const void *elements, void *sum);

    // e^x by its sum over the row. The largest element is subtracted first, unless it is infinite or NaN.
    void (*softmax)(size_t rows, size_t columns, const void *matrix, void *out);

    // The gradient by softmax's argument: y (g - sum of y g) for its values y and the gradient g by them.
    void (*softmax_gradient)(size_t rows, size_t columns, const void *values, const void *cotangent, void *out);
} warp_kernels;

// The table for a level, or null where this build or this CPU does not have it.
const warp_kernels *warp_kernels_float(warp_level level);
const warp_kernels *warp_kernels_double(warp_level level);

// The best level that this CPU runs.
warp_level warp_best_level(void);

#endif
