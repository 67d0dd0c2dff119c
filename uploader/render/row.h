/*
 * row -- one event or one reject, as it is read from the spool.
 */
#ifndef UPLOADER_RENDER_ROW_H
#define UPLOADER_RENDER_ROW_H

#include <stddef.h>
#include <stdint.h>

/* All texts are borrowed until the next row is read. */
struct row {
    int64_t id;
    int64_t received_at;
    const char *source;
    const char *payload; /* of an event: with a NUL behind it */
    size_t payload_len;
    const char *reason, *detail; /* rejects only */
    int64_t bytes;               /* rejects only: the length as received, of which less may be kept */
};

#endif
