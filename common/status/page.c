/* page -- see page.h. */
#include "common/status/page.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHA256_BYTES 32
#define BASE64_SIZE  48

/* The SHA-256, in base64, of what stands between two tags, as browsers compute it. */
static void hash_between(const char *open, const char *close, char out[BASE64_SIZE])
{
    unsigned char digest[SHA256_BYTES];
    const char *begin = strstr(page_text, open);
    const char *end = begin ? strstr(begin, close) : NULL;
    if (!end) abort();
    begin += strlen(open);
    if (EVP_Digest(begin, (size_t)(end - begin), digest, NULL, EVP_sha256(), NULL) != 1) abort();
    (void)EVP_EncodeBlock((unsigned char *)out, digest, SHA256_BYTES);
}

const char *page_csp(char out[PAGE_CSP_SIZE])
{
    char style[BASE64_SIZE];
    char script[BASE64_SIZE];
    hash_between("<style>", "</style>", style);
    hash_between("<script>", "</script>", script);
    (void)snprintf(out, PAGE_CSP_SIZE,
                   "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; connect-src 'self'; "
                   "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                   style, script);
    return out;
}
