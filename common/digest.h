/*
 * digest -- a checksum as hex digits. Pure.
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stddef.h>

#define DIGEST_SHA256_SIZE 65 /* 64 hex digits and the terminator */

/* Puts the SHA-256 of `len` bytes into `hex`, in lower case. Cannot fail. */
void digest_sha256(char hex[DIGEST_SHA256_SIZE], const void *data, size_t len);

#endif
