#include "levels.h"

warp_level warp_best_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return warp_level_avx512;
    if (__builtin_cpu_supports("x86-64-v3")) return warp_level_avx2;
#endif
    return warp_level_baseline;
}

const warp_kernels *warp_kernels_float(warp_level level) {
    if (level > warp_best_level()) return NULL;
#if defined(__x86_64__)
    if (level == warp_level_avx2) return &warp_table_float_avx2;
    if (level == warp_level_avx512) return &warp_table_float_avx512;
#endif
    return level == warp_level_baseline ? &warp_table_float_baseline : NULL;
}

const warp_kernels *warp_kernels_double(warp_level level) {
    if (level > warp_best_level()) return NULL;
#if defined(__x86_64__)
    if (level == warp_level_avx2) return &warp_table_double_avx2;
    if (level == warp_level_avx512) return &warp_table_double_avx512;
#endif
    return level == warp_level_baseline ? &warp_table_double_baseline : NULL;
}
