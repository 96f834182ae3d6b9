#include <cblas.h>
#include <lapacke.h>

// Of OpenBLAS itself: a buffer for one call at a time, which it keeps after it was given back. They are in none of its headers.
void *blas_memory_alloc(int position);
void blas_memory_free(void *buffer);
