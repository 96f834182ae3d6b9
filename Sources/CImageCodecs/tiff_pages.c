#include "tiff_pages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

size_t tiff_bytes(const cimage_input *input, uint64_t offset, void *out, size_t count) {
    if (offset >= input->count) return 0;
    if (count > input->count - offset) count = input->count - offset;
    if (input->bytes) {
        memcpy(out, input->bytes + offset, count);
        return count;
    }
    size_t filled = 0;
    while (filled < count) {
        const ssize_t got = pread(input->file, (uint8_t *)out + filled, count - filled, (off_t)(offset + filled));
        // A file that cannot be read on, or has become shorter, ends there.
        if (got == 0 || (got < 0 && errno != EINTR)) break;
        if (got > 0) filled += (size_t)got;
    }
    return filled;
}

// 0 for what is not there.
static uint64_t number(const cimage_input *input, uint64_t offset, int count, bool is_big_endian) {
    uint8_t bytes[8] = {0};
    uint64_t value = 0;
    tiff_bytes(input, offset, bytes, (size_t)count);
    for (int i = 0; i < count; i++) value |= (uint64_t)bytes[i] << 8 * (is_big_endian ? count - 1 - i : i);
    return value;
}

cimage_status tiff_find_page(const cimage_input *input, uint32_t page, tiff_page *found, uint32_t *count, char *message) {
    const uint64_t end = input->count;
    if (end < 8) return cimage_truncated;
    const bool is_big_endian = number(input, 0, 1, false) == 'M', is_long = number(input, 2, 2, is_big_endian) == 43;
    // In BigTIFF numbers of entries and offsets have eight bytes, as they have two and four in a TIFF file.
    const int offset_bytes = is_long ? 8 : 4, count_bytes = is_long ? 8 : 2, entry_bytes = is_long ? 20 : 12;
    found->field = is_long ? 8 : 4;
    found->field_bytes = offset_bytes;
    if (end < found->field + (uint64_t)offset_bytes) return cimage_truncated;
    found->is_big_endian = is_big_endian;
    uint64_t offset = number(input, found->field, offset_bytes, is_big_endian), marked = 0;
    uint32_t pages = 0;
    while (offset != 0) {
        if (pages == page) found->offset = offset;
        if (pages == page && !count) return cimage_ok;
        // Brent's way to find a loop: the offset at each power of two comes again.
        if (offset == marked || pages == tiff_page_limit) {
            snprintf(message, cimage_message_size, offset == marked ? "pages in a loop" : "more than %d pages", tiff_page_limit);
            return cimage_corrupt;
        }
        if ((pages & (pages + 1)) == 0) marked = offset;
        pages++;
        if (offset > end || end - offset < (uint64_t)count_bytes) return cimage_truncated;
        const uint64_t entries = number(input, offset, count_bytes, is_big_endian), rest = end - offset - (uint64_t)count_bytes;
        if (entries > rest / (uint64_t)entry_bytes) return cimage_truncated;
        const uint64_t next = offset + (uint64_t)count_bytes + entries * (uint64_t)entry_bytes;
        if (end - next < (uint64_t)offset_bytes) return cimage_truncated;
        offset = number(input, next, offset_bytes, is_big_endian);
    }
    if (count) *count = pages;
    if (pages > page) return cimage_ok;
    snprintf(message, cimage_message_size, "no page %u", page + 1);
    return cimage_corrupt;
}

cimage_status cimage_count_tiff_pages(const cimage_input *input, uint32_t *count, char *message) {
    message[0] = 0;
    tiff_page first;
    return tiff_find_page(input, 0, &first, count, message);
}
