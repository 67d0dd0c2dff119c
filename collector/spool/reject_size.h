/*
 * reject_size -- what a reject takes in the spool's file: its texts, what a row needs beside them, its entry in the
 * index, and what it leaves unused on a page. Pure.
 *
 * Rejects are appended: a row that does not fit on the last page begins a new one, and the rest of that page stays
 * unused; what a page cannot hold goes to whole pages of its own. So the sizes of rows that follow each other add up to
 * the pages that they take, within a few per cent, whatever their lengths are.
 */
#ifndef COLLECTOR_SPOOL_REJECT_SIZE_H
#define COLLECTOR_SPOOL_REJECT_SIZE_H

#include <stdint.h>

#include "collector/framing/event.h"

/* Where the next row goes. Only `page_bytes` is set at the beginning: then the next row begins a page. */
struct reject_size {
    int64_t page_bytes; /* the spool's page size */
    int64_t free_bytes; /* on the last page */
};

/* The size in bytes of the row that is appended next, if its texts grow by `room` bytes; `*size` moves on behind it. */
int64_t reject_size_next(struct reject_size *size, const struct reject *reject, size_t room);

#endif
