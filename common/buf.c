/* buf -- see buf.h. Grows by doubling; out of memory aborts. */
#include "common/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAPACITY 256

static bool is_aligned(const char *data)
{
    return (uintptr_t)data % BUF_ALIGNMENT == 0;
}

/* Takes `data` over. */
static char *move_to_aligned(char *data, size_t len, size_t capacity)
{
    size_t size = (capacity + BUF_ALIGNMENT - 1) / BUF_ALIGNMENT * BUF_ALIGNMENT;
    char *aligned = aligned_alloc(BUF_ALIGNMENT, size);
    if (aligned) memcpy(aligned, data, len);
    free(data);
    return aligned;
}

/* The C library moves large memory by whole pages, so what is aligned once mostly stays so. */
static void resize(struct buf *buf, size_t capacity)
{
    char *data = realloc(buf->data, capacity);
    if (data && capacity >= BUF_LARGE && !is_aligned(data)) data = move_to_aligned(data, buf->len, capacity);
    if (!data) abort();
    buf->data = data;
    buf->capacity = capacity;
}

void buf_reserve(struct buf *buf, size_t extra)
{
    buf_reserve_within(buf, extra, SIZE_MAX);
}

void buf_reserve_within(struct buf *buf, size_t extra, size_t most)
{
    if (buf->capacity - buf->len >= extra) return;
    assert(extra <= BUF_MAX - buf->len);
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    while (capacity < buf->len + extra) capacity *= 2;
    if (capacity > most && most >= buf->len + extra) capacity = most;
    resize(buf, capacity);
}

void buf_trim(struct buf *buf)
{
    if (buf->len == 0) {
        buf_fini(buf);
        return;
    }
    resize(buf, buf->len);
}

void buf_append_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) abort();
    buf_append(buf, text, (size_t)len);
    free(text);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

void buf_fini(struct buf *buf)
{
    free(buf->data);
    *buf = BUF_EMPTY;
}
