/* hash -- see hash.h. libcrypto can only fail here by a broken installation, which is asserted. */
#include "uploader/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>

static void digest(const EVP_MD *kind, const struct buf *body, char *hex)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int ok = EVP_Digest(body->data ? body->data : "", body->len, bytes, &len, kind, NULL);
    assert(ok == 1);
    for (unsigned i = 0; i < len; i++) (void)snprintf(hex + (size_t)i * 2, 3, "%02x", bytes[i]);
}

void hash_rendition(const struct buf *body, struct rendition *rendition)
{
    digest(EVP_sha256(), body, rendition->sha256);
    digest(EVP_md5(), body, rendition->md5);
    rendition->bytes = (int64_t)body->len;
}
