/*
 * reader -- shows a window's bytes as units of a coding (coding.h), one byte a unit, as the lexer reads them. Pure.
 *
 * Bytes that are ASCII already are shown as they are. Others are read into memory of the reader's own, a little at a
 * time, as far as they are asked for.
 */
#ifndef COLLECTOR_FRAMING_READER_H
#define COLLECTOR_FRAMING_READER_H

#include "collector/framing/coding.h"
#include "collector/framing/window.h"

struct reader {
    struct window *window; /* borrowed */
    enum coding coding;
    struct coding_state state; /* at `to` */
    struct buf units;          /* of the bytes from `from` up to `to`, in: */
    enum coding units_coding;
    uint64_t from, to;
};

void reader_init(struct reader *reader, struct window *window);
void reader_fini(struct reader *reader);

/*
 * From now on the bytes are read in this coding. A change begins anew, without a shift; but units of UTF-16 stay known
 * while bytes are read as ASCII, as they are at each place between events.
 */
void reader_set_coding(struct reader *reader, enum coding coding);

/*
 * The units from the byte at `at` on, before the byte at `limit`: at least `wanted` of them, or all that are clear.
 * Good until the next call with the reader or its window.
 */
struct slice reader_view(struct reader *reader, uint64_t at, uint64_t limit, size_t wanted);

/* The unit of bytes or UTF-16 at `at`, without regard to shifts; all of its bytes are there. */
char reader_unit(const struct window *window, enum coding coding, uint64_t at);

/* Memory of the reader's own. */
size_t reader_held_bytes(const struct reader *reader);

#endif
