/* object -- see object.h. */
#include "tools/eventspool/verify/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "common/buf.h"

#define PIECE     65536
#define GZIP_MODE (16 + MAX_WBITS) /* gzip alone, of any window */

struct search {
    const char *mark;
    struct buf text; /* the last bytes, in which the mark may have begun, and the present piece */
    bool holds;
};

static void search_in(struct search *search, const void *data, size_t len)
{
    size_t tail = strlen(search->mark) - 1;
    if (len == 0) return;
    buf_append(&search->text, data, len);
    search->holds |= memmem(search->text.data, search->text.len, search->mark, tail + 1) != NULL;
    if (search->text.len <= tail) return;
    memmove(search->text.data, search->text.data + search->text.len - tail, tail);
    search->text.len = tail;
}

/* Decompresses a piece. False: it is damaged. */
static bool inflate_piece(z_stream *stream, struct search *search, unsigned char *data, size_t len)
{
    unsigned char out[PIECE];
    int code = Z_OK;
    stream->next_in = data;
    stream->avail_in = (uInt)len;
    while (code == Z_OK && (stream->avail_in > 0 || stream->avail_out == 0)) {
        stream->next_out = out;
        stream->avail_out = sizeof out;
        code = inflate(stream, Z_NO_FLUSH);
        search_in(search, out, sizeof out - stream->avail_out);
    }
    return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR;
}

static bool is_gzip(const unsigned char *data, size_t len)
{
    return len >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

/* The next piece; 0 at the end, below 0: it cannot be read. A pipe may give fewer bytes than there will be. */
static ssize_t read_piece(int fd, unsigned char *piece)
{
    size_t len = 0;
    ssize_t n = 1;
    while (n != 0 && len < PIECE) {
        n = read(fd, piece + len, PIECE - len);
        if (n < 0 && errno != EINTR) return -1;
        if (n > 0) len += (size_t)n;
    }
    return (ssize_t)len;
}

enum result object_search(int fd, const char *mark, bool *holds, struct why *why)
{
    struct search search = {mark, BUF_EMPTY, false};
    unsigned char piece[PIECE];
    z_stream stream = {.zalloc = Z_NULL};
    bool is_intact = true;
    bool is_compressed = false;
    ssize_t len = read_piece(fd, piece);
    if (len > 0) is_compressed = is_gzip(piece, (size_t)len);
    if (is_compressed && inflateInit2(&stream, GZIP_MODE) != Z_OK) abort();
    for (; len > 0; len = read_piece(fd, piece)) { /* to the end also of a damaged one: somebody writes it */
        if (is_compressed)
            is_intact = is_intact && inflate_piece(&stream, &search, piece, (size_t)len);
        else
            search_in(&search, piece, (size_t)len);
    }
    if (is_compressed) (void)inflateEnd(&stream);
    buf_fini(&search.text);
    *holds = search.holds;
    if (len < 0) return why_set(why, RES_RETRY, "the object cannot be read: %s", strerror(errno));
    return is_intact ? RES_OK : why_set(why, RES_BROKEN, "the object begins as gzip does, and is damaged");
}
