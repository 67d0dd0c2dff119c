/*
 * buf -- a growable byte buffer.
 *
 * The caller owns the struct, initializes it with BUF_EMPTY and frees its memory with buf_fini(). Out of memory aborts,
 * which loses no committed row: the tests kill the programs at any moment. Growing past BUF_MAX aborts, too: code that
 * fills a buffer with a peer's bytes must check a limit first.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BUF_MAX       ((size_t)4 << 30)
#define BUF_LARGE     ((size_t)256 << 10) /* of this capacity and more is a large one ... */
#define BUF_ALIGNMENT ((size_t)4096)      /* ... which begins at a multiple of this: O_DIRECT wants it */

struct buf {
    char *data; /* owned; NULL while empty; not terminated */
    size_t len;
    size_t capacity;
};

#define BUF_EMPTY ((struct buf){NULL, 0, 0})

void buf_reserve(struct buf *buf, size_t extra); /* makes space for `extra` bytes after `len` */
/* The same, but the capacity is not doubled beyond `most` bytes, if these are enough. */
void buf_reserve_within(struct buf *buf, size_t extra, size_t most);
void buf_trim(struct buf *buf); /* frees the memory behind `len`; the bytes may move */
void buf_append_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_clear(struct buf *buf); /* len = 0; keeps the memory for the next use */
void buf_fini(struct buf *buf);  /* frees; the struct is empty again */

/* Inline, because rendering appends a few bytes at a time, hundreds of times for an event. */
static inline void buf_append(struct buf *buf, const void *data, size_t len)
{
    if (len == 0) return;
    if (buf->capacity - buf->len < len) buf_reserve(buf, len);
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}

static inline void buf_append_text(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

static inline void buf_append_char(struct buf *buf, char c)
{
    if (buf->capacity == buf->len) buf_reserve(buf, 1);
    buf->data[buf->len++] = c;
}

#endif
