// The tables of each instruction set; on other processors than x86-64 the compiler's own default is the only one.
#include "CWarpKernels.h"

extern const warp_kernels warp_table_float_baseline, warp_table_double_baseline;
#if defined(__x86_64__)
extern const warp_kernels warp_table_float_avx2, warp_table_double_avx2;
extern const warp_kernels warp_table_float_avx512, warp_table_double_avx512;
#endif
