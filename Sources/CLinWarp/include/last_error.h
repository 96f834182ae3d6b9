// For Sources/CInterface alone: what `linwarp_last_error` gives on this thread. A longer text is cut.
#ifndef LAST_ERROR_H
#define LAST_ERROR_H

void clinwarp_set_last_error(const char *text);

#endif
