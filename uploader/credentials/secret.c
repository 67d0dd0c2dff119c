/* secret -- see secret.h. */
#include "uploader/credentials/secret.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/small_file.h"

enum result secret_read_text(const char *path, char *text, size_t size, struct why *why)
{
    struct buf content = BUF_EMPTY;
    enum result res = small_file_read(path, size - 1, &content, why);
    const char *from = content.data;
    size_t len = content.len;
    while (len > 0 && isspace((unsigned char)*from)) from++, len--;
    while (len > 0 && isspace((unsigned char)from[len - 1])) len--;
    if (len > 0) memcpy(text, from, len);
    text[len] = '\0';
    secret_fini(&content);
    if (res == RES_OK && len == 0) return why_set(why, RES_RETRY, "%s is empty", path);
    return res;
}

void secret_fini(struct buf *buf)
{
    if (buf->data) OPENSSL_cleanse(buf->data, buf->capacity);
    buf_fini(buf);
}

void secret_free(char *text)
{
    if (text) OPENSSL_cleanse(text, strlen(text));
    free(text);
}
