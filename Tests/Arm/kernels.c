// The kernels of the baseline level beside naive code, for processors that the tests in Swift do not run on: `make test-arm`. Prints what was
// compared and how far it was apart.
#include "naive.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    const char *name;
    const warp_kernels *kernels;
    bool is_double;
    double tolerance;
} scalar;

// Numbers of a scalar type. Nothing is freed: the program ends soon.
typedef struct {
    void *at;
    bool is_double;
} array;

static array zeros(scalar s, size_t count) {
    void *const memory = calloc(count, sizeof(double));
    if (!memory) abort();
    return (array){memory, s.is_double};
}

static double get(array a, size_t i) { return a.is_double ? ((double *)a.at)[i] : ((float *)a.at)[i]; }

static void set(array a, size_t i, double x) {
    if (a.is_double)
        ((double *)a.at)[i] = x;
    else
        ((float *)a.at)[i] = (float)x;
}

// Those of the kernels' scalar type, as both sides take them.
static array numbers(scalar s, size_t count, double low, double high) {
    static uint32_t state = 1;
    const array a = zeros(s, count);
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525 + 1013904223;
        set(a, i, low + (high - low) * (state >> 8) * 0x1p-24);
    }
    return a;
}

static double *doubles(array a, size_t count) {
    double *const copy = calloc(count, sizeof *copy);
    if (!copy) abort();
    for (size_t i = 0; i < count; i++) copy[i] = get(a, i);
    return copy;
}

// What is being compared.
static struct {
    long count, failures;
    double largest;
} found;
static long all_failures;

static void compare(double value, double expected, double tolerance) {
    const double error = fabs(value - expected);
    found.count++;
    if (!(error <= tolerance * (1 + fabs(expected)))) found.failures++;
    if (!(error <= found.largest)) found.largest = error;
}

static void report(scalar s, const char *what) {
    printf("%-6s %-20s %7ld numbers, largest difference %.1e%s\n", s.name, what, found.count, found.largest,
           found.failures ? ": FAILED" : "");
    all_failures += found.failures;
    found.count = found.failures = 0;
    found.largest = 0;
}

static void test_random(scalar s) {
    enum { count = 1001, pairs = 7, pixels = 19 };
    const warp_noise_key key = {UINT64_C(0x123456789ABCDEF), 5, 9};
    const uint64_t first = UINT64_C(3) << 34 | 2;
    const array uniforms = zeros(s, count), normals = zeros(s, count), samples = zeros(s, 2 * pairs * pixels);
    s.kernels->uniforms(key, first, count, uniforms.at);
    s.kernels->normals(key, first, count, normals.at);
    s.kernels->sample_normals(key, warp_draws_independent, pairs, 1, 100, pixels, samples.at, pixels);
    // From the authors' own tests.
    uint32_t known[4] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    naive_philox(UINT64_MAX, 10, known);
    compare(known[0], 0x408F276D, 0);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t element = first + i, block = element / 4;
        uint32_t words[4] = {(uint32_t)block, (uint32_t)(block >> 32) << 8, key.image, key.call};
        naive_philox(key.seed, 10, words);
        compare(get(uniforms, i), (words[element % 4] >> 8) * 0x1p-24, 0);
    }
    report(s, "uniforms");
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t element = first + i, block = element / 4;
        uint32_t words[4] = {(uint32_t)block, (uint32_t)(block >> 32) << 8, key.image, key.call};
        naive_philox(key.seed, 10, words);
        const uint32_t *const pair = words + element % 4 / 2 * 2;
        const double radius = sqrt(-2 * log(((pair[0] >> 8) + 0.5) * 0x1p-24)), angle = 2 * M_PI * (pair[1] >> 8) * 0x1p-24;
        compare(get(normals, i), radius * (element % 2 ? sin(angle) : cos(angle)), 1e-5);
    }
    report(s, "normals");
    for (int pixel = 0; pixel < pixels; pixel++)
        for (int pair = 0; pair < pairs; pair++) {
            uint32_t words[4] = {100 + pixel, 1 + pair / 4, key.image, key.call};
            naive_philox(key.seed, 7, words);
            const uint32_t word = words[pair % 4];
            const double radius = sqrt(-2 * log(((word >> 16) + 0.5) * 0x1p-16)) * (word >> 15 & 1 ? -1 : 1);
            const int32_t half_turn = (int32_t)(word & 0x7FFF) - (word >> 14 & 1 ? 0x8000 : 0);
            const double angle = M_PI * (half_turn + 0.5) * 0x1p-15;
            compare(get(samples, (2 * pair) * pixels + pixel), radius * cos(angle), 5e-5);
            compare(get(samples, (2 * pair + 1) * pixels + pixel), radius * sin(angle), 5e-5);
        }
    report(s, "sample_normals");
}

static void test_solve3(scalar s) {
    enum { count = 133, right_hand_sides = 2 };
    const double epsilon = 0.01;
    const array factors = numbers(s, 9 * count, -1, 1), right = numbers(s, 3 * right_hand_sides * count, -1, 1);
    const array matrices = zeros(s, 6 * count);
    static const int places[3][3] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};
    // M M' + E
    for (int n = 0; n < count; n++)
        for (int i = 0; i < 3; i++)
            for (int j = i; j < 3; j++) {
                double sum = i == j;
                for (int k = 0; k < 3; k++) sum += get(factors, (3 * i + k) * count + n) * get(factors, (3 * j + k) * count + n);
                set(matrices, places[i][j] * count + n, sum);
            }
    const double *const before = doubles(right, 3 * right_hand_sides * count);
    compare(s.kernels->solve3(count, count, right_hand_sides, epsilon, matrices.at, right.at), -1, 0);
    for (int n = 0; n < count; n++)
        for (int side = 0; side < right_hand_sides; side++) {
            double matrix[3][3], solution[3];
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) matrix[i][j] = get(matrices, places[i][j] * count + n) + (i == j ? epsilon : 0);
                solution[i] = before[(i * right_hand_sides + side) * count + n];
            }
            naive_solve3(matrix, solution);
            for (int i = 0; i < 3; i++) compare(get(right, (i * right_hand_sides + side) * count + n), solution[i], s.tolerance);
        }
    report(s, "solve3");
}

// Sizes that are no whole vectors; the homography leads out of the image.
enum { channels = 3, height = 13, width = 17, rows = 11, columns = 21, target = rows * columns };
static const double affine[9] = {0.9, -0.2, 0.1, 0.15, 0.8, -0.05, 0, 0, 1}, homography[9] = {0.9, -0.2, 0.1, 0.15, 0.8, -0.05, 0.05, -0.1, 1};

// Under affine maps and homographies, with every padding.
static void test_samplers(scalar s) {
    const warp_linearization options = {.samples = 8, .sigma = 0.8, .collapse = 1, .epsilon = 0.1, .bias = warp_bias_height};
    const array pixels = numbers(s, channels * height * width, 0, 1);
    const double *const source = doubles(pixels, channels * height * width);
    const array normals = numbers(s, (options.samples - 1) * 4 * target, -2, 2);
    const warp_noise noise = {.given = normals.at};
    for (int isLinearized = 0; isLinearized < 2; isLinearized++) {
        for (int which = 0; which < 6; which++) {
            const warp_padding padding = which % 3;
            const array matrix = zeros(s, 9), values = zeros(s, channels * target);
            for (int i = 0; i < 9; i++) set(matrix, i, (which < 3 ? affine : homography)[i]);
            const double *const exact = doubles(matrix, 9);
            const array slope_u = zeros(s, channels * target), slope_v = zeros(s, channels * target);
            const warp_image image = {pixels.at, channels, height, width, padding, false};
            const warp_grid grid = {.matrix = matrix.at, .height = rows, .width = columns};
            const warp_run run = {values.at, slope_u.at, slope_v.at, target};
            if (isLinearized)
                s.kernels->linearized(&image, &grid, &options, &noise, 0, target, &run);
            else
                s.kernels->bilinear(&image, &grid, 0, target, &run);
            for (int c = 0; c < channels; c++)
                for (int i = 0; i < target; i++) {
                    const naive_image naive = {source + c * height * width, height, width, padding};
                    double place[2], drawn[4 * 7], plane[3];
                    naive_place(exact, naive, rows, columns, i % columns, i / columns, place);
                    if (!isLinearized) {
                        compare(get(values, c * target + i), naive_bilinear(naive, place[0], place[1]), s.tolerance);
                        continue;
                    }
                    for (int n = 0; n < 4 * 7; n++) drawn[n] = get(normals, n * target + i);
                    naive_linearized(naive, exact, rows, columns, i % columns, i / columns, &options, drawn, plane);
                    compare(get(values, c * target + i), plane[0], s.tolerance);
                    compare(get(slope_u, c * target + i), plane[1] * width / 2, s.tolerance);
                    compare(get(slope_v, c * target + i), plane[2] * height / 2, s.tolerance);
                }
        }
        report(s, isLinearized ? "linearized" : "bilinear");
    }
}

static void test_resample(scalar s) {
    const array pixels = numbers(s, channels * height * width, 0, 1), out = zeros(s, channels * target);
    const double *const source = doubles(pixels, channels * height * width);
    // Turned and shrunk; and upright.
    static const double maps[2][9] = {{1.3, -0.3, 0.7, 0.2, 1.6, -1.1, 0, 0, 1}, {2.1, 0, 0.3, 0, 1.4, -0.4, 0, 0, 1}};
    for (int which = 0; which < 18; which++) {
        const double *const m = maps[which / 9];
        warp_resampling r = {pixels.at, channels, height, width, rows, columns, 3, 2, which % 3, which / 3 % 3, -0.6, 0.4, 0.3, {0}};
        for (int i = 0; i < 9; i++) r.matrix[i] = m[i];
        // Cut in two where no vector ends.
        const warp_rectangle tiles[2] = {{0, 0, 13, rows}, {13, 0, columns, rows}};
        for (int i = 0; i < 2; i++) s.kernels->resample(&r, &tiles[i], out.at);
        for (int i = 0; i < channels * target; i++) {
            const naive_image naive = {source + i / target * height * width, height, width, r.padding};
            double sum = 0;
            for (int sample = 0; sample < r.across * r.down; sample++) {
                const double x = i % columns + (sample % r.across - 1) * r.apart_x;
                const double y = i % target / columns + (sample / r.across - 0.5) * r.apart_y;
                sum += naive_sample(naive, r.interpolation, r.keys, m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]);
            }
            compare(get(out, i), sum / (r.across * r.down), s.tolerance);
        }
    }
    report(s, "resample");
}

static void test_convolution(scalar s) {
    enum { runs = 3, length = 7, step = 2, pixels = 29, row = 100 };
    static const int lanes[] = {4, 8, 16};
    for (int l = 0; l < 3; l++) {
        const int outputs = lanes[l];
        const array source = numbers(s, runs * row, -1, 1), weights = numbers(s, runs * length * outputs, -1, 1);
        const array out = zeros(s, pixels * outputs);
        ptrdiff_t source_runs[runs], weight_runs[runs];
        for (int run = 0; run < runs; run++) {
            source_runs[run] = run * row;
            weight_runs[run] = run * length;
        }
        const warp_taps taps = {runs, length, source_runs, weight_runs};
        s.kernels->convolve(outputs, &taps, source.at, step, pixels, weights.at, out.at, outputs);
        for (int pixel = 0; pixel < pixels; pixel++)
            for (int output = 0; output < outputs; output++) {
                double sum = 0;
                for (int tap = 0; tap < runs * length; tap++) {
                    const int element = tap / length * row + tap % length + pixel * step;
                    sum += get(source, element) * get(weights, tap * outputs + output);
                }
                compare(get(out, pixel * outputs + output), sum, s.tolerance);
            }
    }
    report(s, "convolve");
}

// Convolutions of planes, and their adjoint by the weights.
static void test_correlation(scalar s) {
    const ptrdiff_t places[] = {0, 1, 2, 30, 31, 32, 200};
    const int taps = 7, count = 96, row = count + 16;
    for (int outputs = 1; outputs <= 4; outputs++) {
        const array source = numbers(s, 400, -1, 1), weights = numbers(s, taps * outputs, -1, 1);
        const array cotangent = numbers(s, outputs * row, -1, 1), out = zeros(s, outputs * row), sums = zeros(s, taps * outputs * 16);
        s.kernels->correlate(outputs, taps, places, weights.at, source.at, count - 5, out.at, row);
        for (int o = 0; o < outputs; o++)
            for (int i = 0; i < count - 5; i++) {
                double sum = 0;
                for (int t = 0; t < taps; t++) sum += get(source, (int)places[t] + i) * get(weights, t * outputs + o);
                compare(get(out, o * row + i), sum, s.tolerance);
            }
        for (int i = 0; i < taps * outputs * 16; i++) set(sums, i, 1);
        s.kernels->correlate_weights(outputs, taps, places, source.at, cotangent.at, row, count, sums.at);
        for (int t = 0; t < taps; t++)
            for (int o = 0; o < outputs; o++)
                for (int lane = 0; lane < 16; lane++) {
                    double sum = 1;
                    for (int i = lane; i < count; i += 16) sum += get(source, (int)places[t] + i) * get(cotangent, o * row + i);
                    compare(get(sums, (t * outputs + o) * 16 + lane), sum, s.tolerance);
                }
    }
    report(s, "correlate");
}

int main(void) {
    const scalar scalars[] = {
        {"float", warp_kernels_float(warp_level_baseline), false, 2e-4},
        {"double", warp_kernels_double(warp_level_baseline), true, 1e-10},
    };
    for (int i = 0; i < 2; i++) {
        test_random(scalars[i]);
        test_solve3(scalars[i]);
        test_samplers(scalars[i]);
        test_resample(scalars[i]);
        test_convolution(scalars[i]);
        test_correlation(scalars[i]);
    }
    if (all_failures > 0) printf("%ld numbers differ\n", all_failures);
    return all_failures > 0;
}
