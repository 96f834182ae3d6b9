// The functions are Swift's, in Sources/CInterface, but for what a thread keeps: Swift has no storage of that kind.
#include "last_error.h"
#include "linwarp.h"

#include <stdio.h>

static _Thread_local char last_error[1024];

const char *linwarp_last_error(void) { return last_error; }

void clinwarp_set_last_error(const char *text) { snprintf(last_error, sizeof last_error, "%s", text); }

// What a change of the header must not change without a new LINWARP_ABI_VERSION.
_Static_assert(sizeof(linwarp_image) == 64, "linwarp_image is another");
_Static_assert(sizeof(linwarp_array) == 88, "linwarp_array is another");
_Static_assert(sizeof(linwarp_frames) == 32, "linwarp_frames is another");
_Static_assert(LINWARP_NO_MEMORY == 3 && LINWARP_FLOAT64 == 3, "statuses or types are others");
