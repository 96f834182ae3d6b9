// Rows of samples on their way into planes.
#ifndef ROWS_H
#define ROWS_H

#include "CImageCodecs.h"

// Decodes the next `count` rows. Called from one thread after the other.
typedef cimage_status (*row_decoder)(void *context, uint32_t count, uint8_t *rows);

// All rows of an image, each of `row_bytes` and of samples as `cimage_unpack_row` takes them: while some are decoded, another thread brings
// those before into the target; unless all come `at_once`.
cimage_status read_rows(row_decoder decode, bool at_once, void *context, size_t row_bytes, const cimage_layout *layout,
                        const cimage_target *target, cimage_spread spread);

#endif
