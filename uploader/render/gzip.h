/*
 * gzip -- compresses a stream of bytes to a gzip file (RFC 1952). Deterministic: the file has no time and no name, one
 * compression level, and "unknown" as its operating system. The same bytes in the same pieces give the same file as
 * long as zlib stays the same.
 */
#ifndef UPLOADER_RENDER_GZIP_H
#define UPLOADER_RENDER_GZIP_H

#include "common/buf.h"

struct gzip;

struct gzip *gzip_begin(struct buf *out); /* borrowed until gzip_free() */
void gzip_add(struct gzip *gzip, const void *data, size_t len);
void gzip_end(struct gzip *gzip);  /* the file is complete; nothing more can be added */
void gzip_free(struct gzip *gzip); /* accepts NULL; without gzip_end() the file is incomplete */

#endif
