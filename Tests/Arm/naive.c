#include "naive.h"

#include <math.h>

void naive_philox(uint64_t seed, int rounds, uint32_t c[4]) {
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int round = 0; round < rounds; round++) {
        const uint64_t a = UINT64_C(0xD2511F53) * c[0], b = UINT64_C(0xCD9E8D57) * c[2];
        const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ key[0], (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ key[1], (uint32_t)a};
        for (int i = 0; i < 4; i++) c[i] = next[i];
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
}

static int clamped(int i, int size) { return i < 0 ? 0 : i < size ? i : size - 1; }

// 0 where the padding has black.
static double pixel(naive_image image, int x, int y) {
    const int period_x = 2 * image.width, period_y = 2 * image.height;
    if (image.padding == warp_padding_zeros && (x < 0 || y < 0 || x >= image.width || y >= image.height)) return 0;
    if (image.padding == warp_padding_reflection) {
        x = (x % period_x + period_x) % period_x;
        y = (y % period_y + period_y) % period_y;
        if (x >= image.width) x = period_x - 1 - x;
        if (y >= image.height) y = period_y - 1 - y;
    }
    return image.pixels[clamped(y, image.height) * image.width + clamped(x, image.width)];
}

double naive_bilinear(naive_image image, double x, double y) {
    const int left = (int)floor(x), top = (int)floor(y);
    const double t = x - left, s = y - top;
    return (1 - s) * ((1 - t) * pixel(image, left, top) + t * pixel(image, left + 1, top)) +
           s * ((1 - t) * pixel(image, left, top + 1) + t * pixel(image, left + 1, top + 1));
}

static double keys_weight(double a, double x) {
    const double t = fabs(x);
    if (t < 1) return (a + 2) * t * t * t - (a + 3) * t * t + 1;
    return t < 2 ? a * (t * t * t - 5 * t * t + 8 * t - 4) : 0;
}

// Where a coordinate comes to lie within the image, whose outer edges are its end.
static double padded(double x, int size, warp_padding padding) {
    if (padding == warp_padding_reflection) {
        const double t = fmod(fmod(x + 0.5, 2.0 * size) + 2.0 * size, 2.0 * size);
        return fmin(t, 2.0 * size - t) - 0.5;
    }
    return fmin(fmax(x, -0.5), size - 0.5);
}

double naive_sample(naive_image image, warp_interpolation interpolation, double keys, double x, double y) {
    if (interpolation == warp_between_four) return naive_bilinear(image, x, y);
    const double u = padded(x, image.width, image.padding), v = padded(y, image.height, image.padding);
    if (image.padding == warp_padding_zeros && (u != x || v != y)) return 0;
    // Within the edges the border pixels go on.
    image.padding = warp_padding_border;
    if (interpolation == warp_nearest) return pixel(image, (int)floor(u + 0.5), (int)floor(v + 0.5));
    double sum = 0;
    for (int j = (int)floor(v) - 1; j <= (int)floor(v) + 2; j++)
        for (int i = (int)floor(u) - 1; i <= (int)floor(u) + 2; i++)
            sum += keys_weight(keys, u - i) * keys_weight(keys, v - j) * pixel(image, i, j);
    return sum;
}

void naive_place(const double m[9], naive_image source, int height, int width, double x, double y, double place[2]) {
    const double a = (2 * x + 1) / width - 1, b = (2 * y + 1) / height - 1, d = m[6] * a + m[7] * b + m[8];
    place[0] = ((m[0] * a + m[1] * b + m[2]) / d + 1) * source.width / 2 - 0.5;
    place[1] = ((m[3] * a + m[4] * b + m[5]) / d + 1) * source.height / 2 - 0.5;
}

void naive_solve3(double m[3][3], double right[3]) {
    for (int i = 0; i < 3; i++)
        for (int row = 0; row < 3; row++) {
            if (row == i) continue;
            const double factor = m[row][i] / m[i][i];
            for (int column = 0; column < 3; column++) m[row][column] -= factor * m[i][column];
            right[row] -= factor * right[i];
        }
    for (int i = 0; i < 3; i++) right[i] /= m[i][i];
}

void naive_linearized(naive_image image, const double matrix[9], int height, int width, int column, int row,
                      const warp_linearization *options, const double *normals, double plane[3]) {
    double centre[2], system[3][3] = {{0}}, right[3] = {0};
    naive_place(matrix, image, height, width, column, row, centre);
    const double base = naive_bilinear(image, centre[0], centre[1]);
    for (int k = 0; k < options->samples - 1; k++) {
        const double *n = normals + 4 * k;
        double place[2];
        naive_place(matrix, image, height, width, column + options->sigma * n[0], row + options->sigma * n[1], place);
        for (int axis = 0; axis < 2; axis++) place[axis] += options->collapse * n[2 + axis];
        if (place[0] < -0.5 || place[1] < -0.5 || place[0] > image.width - 0.5 || place[1] > image.height - 0.5) continue;
        const double x[3] = {place[0] - centre[0], place[1] - centre[1], 1}, y = naive_bilinear(image, place[0], place[1]) - base;
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) system[i][j] += x[i] * x[j];
            right[i] += x[i] * y;
        }
    }
    for (int i = 0; i < 3; i++) system[i][i] += options->epsilon;
    naive_solve3(system, right);
    plane[0] = base + (options->bias ? right[2] : 0);
    plane[1] = right[0];
    plane[2] = right[1];
}
