/*
 * hash -- SHA-256 and MD5 of a rendition. Pure.
 */
#ifndef UPLOADER_HASH_H
#define UPLOADER_HASH_H

#include "common/buf.h"
#include "uploader/spool_out.h"

#define HASH_MD5_BYTES    16
#define HASH_SHA256_BYTES 32

void hash_rendition(const struct buf *body, struct rendition *rendition);

#endif
