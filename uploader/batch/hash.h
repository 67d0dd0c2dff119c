/*
 * hash -- SHA-256, MD5 and length of bytes: piece by piece, in memory, or in a file.
 */
#ifndef UPLOADER_BATCH_HASH_H
#define UPLOADER_BATCH_HASH_H

#include "common/buf.h"
#include "uploader/batch/batch.h"
#include "uploader/batch/pause.h"

#define HASH_MD5_BYTES 16

struct hash;

struct hash *hash_begin(void);
void hash_add(struct hash *hash, const void *data, size_t len);
void hash_end(struct hash *hash, struct rendition *rendition); /* call it once; sets content_sha256 to "" */
void hash_free(struct hash *hash);                             /* accepts NULL */

/* Hashes the bytes in slices, with a pause after each slice; `pause` may be NULL. */
void hash_bytes(const struct buf *body, struct rendition *rendition, const struct pause *pause);

/* Hashes what can be read from the descriptor, from its position on. False, with errno: it cannot be read. */
bool hash_file(int fd, struct rendition *rendition);

#endif
