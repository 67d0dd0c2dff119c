/* headers -- see headers.h. The value that is signed is a part of the line that is sent. */
#include "uploader/http/headers.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void headers_add(struct headers *headers, const char *name, const char *format, ...)
{
    size_t name_len = strlen(name);
    va_list args;
    assert(headers->count <= SIGV4_HEADERS_MAX);
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    size_t size = name_len + 2 + (size_t)len + 1;
    char *line = malloc(size);
    if (!line) abort();
    (void)snprintf(line, size, "%s: ", name);
    char *value = line + name_len + 2;
    va_start(args, format);
    (void)vsnprintf(value, (size_t)len + 1, format, args);
    va_end(args);
    headers->lines[headers->count] = line;
    headers->list[headers->count++] = (struct sigv4_header){name, value};
}

bool headers_sign(struct headers *headers, struct sigv4_request *request, const struct sigv4_keys *keys)
{
    char authorization[SIGV4_AUTHORIZATION_SIZE];
    request->headers = headers->list;
    request->header_count = headers->count;
    if (!sigv4_sign(request, keys, authorization)) return false;
    headers_add(headers, "authorization", "%s", authorization);
    return true;
}

void headers_fini(struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        OPENSSL_cleanse(headers->lines[i], strlen(headers->lines[i]));
        free(headers->lines[i]);
    }
    *headers = (struct headers){.count = 0};
}
