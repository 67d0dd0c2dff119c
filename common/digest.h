/*
 * digest -- a checksum as hex digits. Pure.
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stddef.h>

#define DIGEST_SHA256_SIZE 65 /* hex digits and the end */

void digest_sha256(char hex[DIGEST_SHA256_SIZE], const void *data, size_t len);

#endif
