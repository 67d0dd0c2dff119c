/* hash -- see hash.h. */
#include "uploader/batch/hash.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK      65536
#define STEP_BYTES ((size_t)256 << 10)

struct hash {
    EVP_MD_CTX *sha256;
    EVP_MD_CTX *md5; /* NULL: not asked for */
    int64_t bytes;
};

static EVP_MD_CTX *new_digest(const EVP_MD *kind)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    int ok = digest && EVP_DigestInit_ex(digest, kind, NULL);
    assert(ok == 1);
    return digest;
}

struct hash *hash_begin(enum hash_kind kind)
{
    struct hash *hash = calloc(1, sizeof *hash);
    if (!hash) abort();
    hash->sha256 = new_digest(EVP_sha256());
    if (kind == HASH_SHA256_AND_MD5) hash->md5 = new_digest(EVP_md5());
    return hash;
}

void hash_add(struct hash *hash, const void *data, size_t len)
{
    int ok =
        EVP_DigestUpdate(hash->sha256, data, len) && (!hash->md5 || EVP_DigestUpdate(hash->md5, data, len));
    assert(ok == 1);
    hash->bytes += (int64_t)len;
}

static void write_hex(EVP_MD_CTX *digest, char *hex)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int ok = EVP_DigestFinal_ex(digest, bytes, &len);
    assert(ok == 1);
    for (unsigned i = 0; i < len; i++) (void)snprintf(hex + (size_t)i * 2, 3, "%02x", bytes[i]);
}

void hash_end(struct hash *hash, struct rendition *rendition)
{
    *rendition = (struct rendition){.bytes = hash->bytes};
    write_hex(hash->sha256, rendition->sha256);
    if (hash->md5) write_hex(hash->md5, rendition->md5);
}

void hash_free(struct hash *hash)
{
    if (!hash) return;
    EVP_MD_CTX_free(hash->sha256);
    EVP_MD_CTX_free(hash->md5);
    free(hash);
}

void hash_bytes(const struct buf *body, enum hash_kind kind, struct rendition *rendition,
                const struct pause *pause)
{
    struct hash *hash = hash_begin(kind);
    for (size_t done = 0; done < body->len;) {
        size_t left = body->len - done;
        size_t len = left < STEP_BYTES ? left : STEP_BYTES;
        hash_add(hash, body->data + done, len);
        done += len;
        pause_take(pause);
    }
    hash_end(hash, rendition);
    hash_free(hash);
}

bool hash_file(int fd, struct rendition *rendition)
{
    char block[BLOCK];
    struct hash *hash = hash_begin(HASH_SHA256);
    ssize_t n = 0;
    do {
        n = read(fd, block, sizeof block);
        if (n > 0) hash_add(hash, block, (size_t)n);
    } while (n > 0 || (n < 0 && errno == EINTR));
    int saved = errno;
    hash_end(hash, rendition);
    hash_free(hash);
    errno = saved;
    return n == 0;
}
