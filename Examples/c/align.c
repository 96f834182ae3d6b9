// Aligns two drawn images, warps one into the other's place, and shows what an error looks like.
//
//     cc align.c $(pkg-config --cflags --libs linwarp) -lm -o align && ./align
#include <linwarp.h>

#include <math.h>
#include <stdio.h>

enum { width = 160, height = 120 };

static float source[height][width], target[height][width], aligned[height][width];

static float scene(double x, double y) { return (float)(0.5 + 0.2 * sin(x / 9 + sin(y / 13)) + 0.2 * cos(y / 7 - x * y / 900)); }

static linwarp_image image(float (*pixels)[width]) {
    return (linwarp_image){pixels, LINWARP_FLOAT32, 1, height, width, 0, sizeof *pixels, sizeof **pixels};
}

static int failed(void) {
    fprintf(stderr, "%s\n", linwarp_last_error());
    return 1;
}

int main(void) {
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            source[y][x] = scene(x, y);
            target[y][x] = scene(0.98 * x + 0.05 * y + 3, -0.05 * x + 0.98 * y + 4);
        }
    }
    const linwarp_image from = image(source), to = image(target), out = image(aligned);
    linwarp_options *options = linwarp_options_create();
    linwarp_alignment *alignment = NULL;
    double matrix[9];
    const char *verdict;
    if (linwarp_options_set_text(options, "family", "similarity") || linwarp_align(options, &from, &to, &alignment)) return failed();
    if (linwarp_alignment_text(alignment, "verdict", &verdict) || linwarp_alignment_matrix(alignment, NULL, matrix)) return failed();
    if (linwarp_warp(NULL, &from, matrix, &out)) return failed();
    double largest = 0;
    for (int y = 20; y < height - 20; y++) {
        for (int x = 20; x < width - 20; x++) largest = fmax(largest, fabs(aligned[y][x] - target[y][x]));
    }
    printf("%s, differs by at most %.3f\n", verdict, largest);
    linwarp_alignment_destroy(alignment);
    alignment = NULL;
    if (linwarp_options_set_text(options, "famly", "affine") || linwarp_align(options, &from, &to, &alignment) == LINWARP_OK) return 1;
    printf("%s\n", linwarp_last_error());
    linwarp_options_destroy(options);
    return 0;
}
