/*
 * secret -- see secret.h. The space is made before anything is read, so that no copy stays behind when a buffer
 * grows.
 */
#include "uploader/credentials/secret.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum result read_all(int fd, const char *path, size_t max, struct buf *out, struct why *why)
{
    struct stat st;
    ssize_t n = 1;
    if (fstat(fd, &st) != 0) return why_set(why, RES_RETRY, "cannot read %s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode)) return why_set(why, RES_RETRY, "cannot read %s: it is a directory", path);
    if ((size_t)st.st_size > max) return why_set(why, RES_REFUSE, "%s is longer than %zu bytes", path, max);
    /* A pipe, or a file of /proc, does not say how long it is. */
    size_t space = st.st_size > 0 ? (size_t)st.st_size : max;
    size_t start = out->len;
    buf_reserve(out, space);
    while (n > 0 && out->len - start < space) {
        n = read(fd, out->data + out->len, space - (out->len - start));
        if (n < 0) return why_set(why, RES_RETRY, "cannot read %s: %s", path, strerror(errno));
        out->len += (size_t)n;
    }
    return RES_OK;
}

enum result secret_read_file(const char *path, size_t max, struct buf *out, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return why_set(why, RES_RETRY, "cannot read %s: %s", path, strerror(errno));
    enum result res = read_all(fd, path, max, out, why);
    close(fd);
    return res;
}

enum result secret_read_text(const char *path, char *text, size_t size, struct why *why)
{
    struct buf content = BUF_EMPTY;
    enum result res = secret_read_file(path, size - 1, &content, why);
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
