/*
 * hash -- SHA-256 and length of bytes, and their MD5 where it is asked for: piece by piece, in memory, or in a file.
 * MD5 costs twice as much as SHA-256 where the processor has instructions for the latter, so only what goes to S3 has one.
 */
#ifndef UPLOADER_BATCH_HASH_H
#define UPLOADER_BATCH_HASH_H

#include "common/buf.h"
#include "uploader/batch/batch.h"
#include "uploader/batch/pause.h"

#define HASH_MD5_BYTES 16

enum hash_kind { HASH_SHA256, HASH_SHA256_AND_MD5 };

struct hash;

struct hash *hash_begin(enum hash_kind kind);
void hash_add(struct hash *hash, const void *data, size_t len);
/* Call it once. Sets content_sha256 to "", and so md5 if it was not asked for. */
void hash_end(struct hash *hash, struct rendition *rendition);
void hash_free(struct hash *hash); /* accepts NULL */

/* Hashes the bytes in slices, with a pause after each slice; `pause` may be NULL. */
void hash_bytes(const struct buf *body, enum hash_kind kind, struct rendition *rendition,
                const struct pause *pause);

/* The SHA-256 of what can be read from the descriptor, from its position on. False, with errno: it cannot be read. */
bool hash_file(int fd, struct rendition *rendition);

#endif
