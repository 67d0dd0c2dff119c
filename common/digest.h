/*
 * digest -- a checksum as hex digits: of bytes that are there at once, or of bytes that come one part after the other.
 * Nothing here can fail: only a broken installation of libcrypto could, which is asserted.
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stddef.h>

#define DIGEST_SHA256_SIZE 65 /* 64 hex digits and the terminator */

/* Puts the SHA-256 of `len` bytes into `hex`, in lower case. */
void digest_sha256(char hex[DIGEST_SHA256_SIZE], const void *data, size_t len);

/* The SHA-256 of all parts that were added. */
struct digest *digest_new(void);
void digest_free(struct digest *digest); /* accepts NULL */
void digest_add(struct digest *digest, const void *data, size_t len);

/* Of the parts added so far; more may follow. */
void digest_read(const struct digest *digest, char hex[DIGEST_SHA256_SIZE]);

#endif
