/*
 * reject_size -- see reject_size.h. How SQLite divides a row between its page and others stands in its description of
 * the file format, "Cell Payload Overflow Pages".
 */
#include "collector/spool/reject_size.h"

#include <string.h>

#define ROW_BYTES         40 /* of a row beside its texts: numbers, lengths, its place on the page */
#define INDEX_BYTES       18 /* of its entry in _reject_received */
#define PAGE_HEADER_BYTES 8
#define OVERFLOW_LINK     4 /* bytes in the row, and in each page behind it, that name the next page */

/* What is stored on the row's own page; `*others` are the pages behind it. */
static int64_t bytes_on_page(int64_t page_bytes, int64_t row, int64_t *others)
{
    int64_t most = page_bytes - 35;
    int64_t least = (page_bytes - 12) * 32 / 255 - 23;
    int64_t on_other = page_bytes - OVERFLOW_LINK;
    *others = 0;
    if (row <= most) return row;
    int64_t here = least + (row - least) % on_other;
    if (here > most) here = least;
    *others = (row - here + on_other - 1) / on_other;
    return here + OVERFLOW_LINK;
}

int64_t reject_size_next(struct reject_size *size, const struct reject *reject, size_t room)
{
    int64_t unused = 0;
    int64_t others = 0;
    size_t texts = reject->source.len + strlen(reject_reason_name(reject->reason)) + reject->detail.len +
                   reject->encoding.len + reject->namespaces.len + reject->payload.len + room;
    int64_t here = bytes_on_page(size->page_bytes, (int64_t)texts + ROW_BYTES, &others);
    if (here > size->free_bytes) {
        unused = size->free_bytes;
        size->free_bytes = size->page_bytes - PAGE_HEADER_BYTES;
    }
    size->free_bytes -= here;
    return unused + here + others * size->page_bytes + INDEX_BYTES;
}
