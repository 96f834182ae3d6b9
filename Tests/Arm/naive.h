// Naive code in Double that the kernels are compared with: one loop a line, straight from what CWarpKernels.h says.
#ifndef NAIVE_H
#define NAIVE_H

#include "CWarpKernels.h"

// Philox 4x32 of so many rounds, in place.
void naive_philox(uint64_t seed, int rounds, uint32_t counter[4]);

// A planar image, read between its pixels.
typedef struct {
    const double *pixels;
    int height, width;
    warp_padding padding;
} naive_image;

// Bilinear at a place in pixels; zeros fade in over one.
double naive_bilinear(naive_image image, double x, double y);

// One sample of `resample`.
double naive_sample(naive_image image, warp_interpolation interpolation, double keys, double x, double y);

// The source's pixel coordinates of those of the target, under a matrix between normalized ones, -1 and 1 at the outer edges.
void naive_place(const double matrix[9], naive_image source, int height, int width, double x, double y, double place[2]);

// Solves a system of three equations by Gauss's elimination; `right` becomes the solution.
void naive_solve3(double matrix[3][3], double right[3]);

// Value and slopes, by source pixels, of the plane that is fitted around a target pixel. `normals`: four numbers a sample.
void naive_linearized(naive_image image, const double matrix[9], int height, int width, int column, int row,
                      const warp_linearization *options, const double *normals, double plane[3]);

#endif
