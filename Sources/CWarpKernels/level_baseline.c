#include "levels.h"
#define WARP_LEVEL _baseline
#define WARP_VECTOR 16
#include "kernels.inc"
