/* gzip -- see gzip.h. zlib can only fail here for lack of memory, or by a mistake of ours. */
#include "uploader/render/gzip.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#define ZLIB_CONST /* input is not written to */
#include <zlib.h>

#define LEVEL     6         /* zlib's own default: higher levels gain little for much more time */
#define WINDOW    (15 + 16) /* 32 KB; 16: with a gzip header (zlib.h, deflateInit2) */
#define MEMORY    8
#define OS        255 /* unknown */
#define SPACE     65536
#define PIECE_MAX (1U << 30)

struct gzip {
    z_stream stream;
    gz_header header; /* zlib keeps its address until the header is written */
    struct buf *out;
};

struct gzip *gzip_begin(struct buf *out)
{
    struct gzip *gzip = calloc(1, sizeof *gzip);
    if (!gzip) abort();
    gzip->out = out;
    gzip->header.os = OS;
    if (deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    int code = deflateSetHeader(&gzip->stream, &gzip->header);
    assert(code == Z_OK);
    return gzip;
}

/* Runs until all input is taken and, at the end, all output is written. */
static void run(struct gzip *gzip, int flush)
{
    z_stream *stream = &gzip->stream;
    do {
        buf_reserve(gzip->out, SPACE);
        stream->next_out = (Bytef *)gzip->out->data + gzip->out->len;
        stream->avail_out = SPACE;
        int code = deflate(stream, flush);
        assert(code == Z_OK || code == Z_BUF_ERROR || (flush == Z_FINISH && code == Z_STREAM_END));
        gzip->out->len += SPACE - stream->avail_out;
    } while (stream->avail_out == 0);
    assert(stream->avail_in == 0);
}

void gzip_add(struct gzip *gzip, const void *data, size_t len)
{
    const unsigned char *from = data;
    while (len > 0) {
        uInt piece = len < PIECE_MAX ? (uInt)len : PIECE_MAX;
        gzip->stream.next_in = from;
        gzip->stream.avail_in = piece;
        run(gzip, Z_NO_FLUSH);
        from += piece;
        len -= piece;
    }
}

void gzip_end(struct gzip *gzip)
{
    run(gzip, Z_FINISH);
}

void gzip_free(struct gzip *gzip)
{
    if (!gzip) return;
    (void)deflateEnd(&gzip->stream);
    free(gzip);
}
