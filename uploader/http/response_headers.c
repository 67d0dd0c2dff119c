/* response_headers -- see response_headers.h. */
#include "uploader/http/response_headers.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    size_t field; /* of struct http_answer, of HTTP_HEADER_SIZE bytes */
} kept[] = {
    {"etag", offsetof(struct http_answer, etag)},
    {"x-amz-meta-sha256", offsetof(struct http_answer, sha256)},
    {"x-amz-bucket-region", offsetof(struct http_answer, region)},
    {"x-amz-request-id", offsetof(struct http_answer, request_id)},
    {"date", offsetof(struct http_answer, date)},
    {"retry-after", offsetof(struct http_answer, retry_after)},
    {"x-amz-server-side-encryption", offsetof(struct http_answer, encryption)},
    {"x-amz-object-lock-retain-until-date", offsetof(struct http_answer, locked_until)},
};

static bool is_among(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

/* The value without the blanks and the quotes around it. */
static void take_value(const char *from, const char *end, char value[HTTP_HEADER_SIZE])
{
    while (from < end && is_among(*from, " \t\"")) from++;
    while (end > from && is_among(end[-1], " \t\r\n\"")) end--;
    size_t len = (size_t)(end - from);
    if (len >= HTTP_HEADER_SIZE) return;
    for (const char *c = from; c < end; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) return;
    memcpy(value, from, len);
    value[len] = '\0';
}

void response_headers_take(struct http_answer *answer, const char *line, size_t len)
{
    bool is_status_line = len >= 5 && strncasecmp(line, "HTTP/", 5) == 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        char *value = (char *)answer + kept[i].field;
        size_t name_len = strlen(kept[i].name);
        if (is_status_line) value[0] = '\0';
        if (len > name_len && line[name_len] == ':' && strncasecmp(line, kept[i].name, name_len) == 0)
            take_value(line + name_len + 1, line + len, value);
    }
}
