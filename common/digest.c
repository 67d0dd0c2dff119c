/* digest -- see digest.h. */
#include "common/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

struct digest {
    EVP_MD_CTX *context;
};

static void write_hex(char hex[DIGEST_SHA256_SIZE], const unsigned char *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) (void)snprintf(hex + (size_t)i * 2, 3, "%02x", bytes[i]);
}

void digest_sha256(char hex[DIGEST_SHA256_SIZE], const void *data, size_t len)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned count = 0;
    int ok = EVP_Digest(data ? data : "", len, bytes, &count, EVP_sha256(), NULL);
    assert(ok == 1);
    write_hex(hex, bytes, count);
}

static EVP_MD_CTX *new_context(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context) abort();
    return context;
}

struct digest *digest_new(void)
{
    struct digest *digest = calloc(1, sizeof *digest);
    if (!digest) abort();
    digest->context = new_context();
    int ok = EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL);
    assert(ok == 1);
    return digest;
}

void digest_free(struct digest *digest)
{
    if (!digest) return;
    EVP_MD_CTX_free(digest->context);
    free(digest);
}

void digest_add(struct digest *digest, const void *data, size_t len)
{
    int ok = EVP_DigestUpdate(digest->context, data ? data : "", len);
    assert(ok == 1);
}

void digest_read(const struct digest *digest, char hex[DIGEST_SHA256_SIZE])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned count = 0;
    EVP_MD_CTX *copy = new_context();
    int ok = EVP_MD_CTX_copy_ex(copy, digest->context);
    assert(ok == 1);
    ok = EVP_DigestFinal_ex(copy, bytes, &count);
    assert(ok == 1);
    EVP_MD_CTX_free(copy);
    write_hex(hex, bytes, count);
}
