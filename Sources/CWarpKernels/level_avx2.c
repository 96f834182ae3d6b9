#include "levels.h"
#if defined(__x86_64__)
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define WARP_LEVEL _avx2
#define WARP_VECTOR 32
#include "kernels.inc"
#pragma clang attribute pop
#endif
