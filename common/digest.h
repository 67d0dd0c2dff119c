/*
 * digest -- checksums as hex digits. Pure.
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stddef.h>

#define DIGEST_MD5_SIZE    33 /* hex digits and the end */
#define DIGEST_SHA256_SIZE 65

void digest_md5(char hex[DIGEST_MD5_SIZE], const void *data, size_t len);
void digest_sha256(char hex[DIGEST_SHA256_SIZE], const void *data, size_t len);

#endif
