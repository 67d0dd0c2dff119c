/* digest -- see digest.h. Only a broken installation of libcrypto can make this fail, which is asserted. */
#include "common/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>

void digest_sha256(char hex[DIGEST_SHA256_SIZE], const void *data, size_t len)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned count = 0;
    int ok = EVP_Digest(data ? data : "", len, bytes, &count, EVP_sha256(), NULL);
    assert(ok == 1);
    for (unsigned i = 0; i < count; i++) (void)snprintf(hex + (size_t)i * 2, 3, "%02x", bytes[i]);
}
