#include "levels.h"
#define WARP_LEVEL _baseline
#define WARP_WIDE_TILE 6
#include "kernels.inc"
