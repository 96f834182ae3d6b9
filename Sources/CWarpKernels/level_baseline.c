#include "levels.h"
#define WARP_LEVEL _baseline
#include "kernels.inc"
