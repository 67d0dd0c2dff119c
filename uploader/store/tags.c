/* tags -- see tags.h. */
#include "uploader/store/tags.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"

#define COUNT_MAX 10
#define KEY_MAX   128 /* characters */
#define VALUE_MAX 256

struct part {
    const char *text;
    size_t len;
};

static struct part trimmed(const char *text, size_t len)
{
    while (len > 0 && isspace((unsigned char)*text)) text++, len--;
    while (len > 0 && isspace((unsigned char)text[len - 1])) len--;
    return (struct part){text, len};
}

/* Allowed characters only, in UTF-8, and not too many of them. */
static bool is_proper(struct part part, size_t most)
{
    size_t characters = 0;
    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.text[i];
        if (c < 0x80 && !isalnum(c) && !strchr(" +-=._:/@", c)) return false;
        characters += (c & 0xC0) != 0x80; /* no continuation of a UTF-8 sequence */
    }
    return characters <= most && utf8_valid_len(part.text, part.len) == part.len;
}

static char *encode(struct part part, char *to)
{
    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.text[i];
        if (isalnum(c) || strchr("-._~", c))
            *to++ = (char)c;
        else
            to += sprintf(to, "%%%02X", c);
    }
    return to;
}

static enum result check(struct part key, struct part value, const struct part *seen, size_t count,
                         struct why *why)
{
    const char *wrong = NULL;
    if (key.len == 0 || !is_proper(key, KEY_MAX))
        wrong = "a key has 1 to 128 letters, digits, spaces or + - = . _ : / @";
    else if (!is_proper(value, VALUE_MAX))
        wrong = "a value has at most 256 letters, digits, spaces or + - = . _ : / @";
    else if (key.len >= 4 && strncasecmp(key.text, "aws:", 4) == 0)
        wrong = "keys that begin with aws: are reserved";
    else if (count == COUNT_MAX)
        wrong = "an object has at most 10 tags";
    for (size_t i = 0; i < count && !wrong; i++)
        if (seen[i].len == key.len && memcmp(seen[i].text, key.text, key.len) == 0)
            wrong = "this key stands there twice";
    if (!wrong) return RES_OK;
    return why_set(why, RES_REFUSE, "S3_TAGS, at '%.*s': %s; expected e.g. team=security,source=acm",
                   (int)(key.len < 130 ? key.len : 130), key.text, wrong);
}

enum result tags_encode(const char *tags, char out[TAGS_SIZE], struct why *why)
{
    struct part keys[COUNT_MAX];
    size_t count = 0;
    char *to = out;
    assert(strlen(tags) <= TAGS_TEXT_MAX);
    while (true) {
        size_t len = strcspn(tags, ",");
        const char *equals = memchr(tags, '=', len);
        if (!equals)
            return why_set(why, RES_REFUSE, "S3_TAGS, at '%.*s': expected e.g. team=security,source=acm",
                           (int)(len < 130 ? len : 130), tags);
        struct part key = trimmed(tags, (size_t)(equals - tags));
        struct part value = trimmed(equals + 1, len - (size_t)(equals - tags) - 1);
        enum result res = check(key, value, keys, count, why);
        if (res != RES_OK) return res;
        keys[count++] = key;
        if (to > out) *to++ = '&';
        to = encode(key, to);
        *to++ = '=';
        to = encode(value, to);
        if (!tags[len]) break;
        tags += len + 1;
    }
    *to = '\0';
    return RES_OK;
}
