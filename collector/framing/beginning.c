/* beginning -- see beginning.h. Each beginning is compared byte by byte, until all but one are out. */
#include "collector/framing/beginning.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define DIFFERS SIZE_MAX

/* A text that the connection may begin with; `*seen` is how much of it has come. True: all of it. */
static bool compare(size_t *seen, const char *text, size_t text_len, char c)
{
    if (*seen == DIFFERS) return false;
    *seen = text[*seen] == c ? *seen + 1 : DIFFERS;
    if (*seen != text_len) return false;
    *seen = DIFFERS;
    return true;
}

/* RFC 9110, token. */
static bool is_method_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

/* `HTTP/1.` of a request line, or `HTTP/2.` of the preface. */
static bool is_version_char(size_t at, char c)
{
    return at == 5 ? c == '1' || c == '2' : c == "HTTP/?."[at];
}

static bool fits(const struct beginning *b, char c)
{
    switch (b->part) {
    case LINE_METHOD: return is_method_char(c) && b->len < BEGINNING_METHOD_MAX;
    case LINE_TARGET: return (unsigned char)c > ' ' && c != '<' && b->len < BEGINNING_TARGET_MAX;
    case LINE_VERSION: return is_version_char(b->len, c);
    default: return false;
    }
}

/* Reads `method target HTTP/1.`; true: that is complete. */
static bool read_request_line(struct beginning *b, char c)
{
    if (c == ' ' && b->part < LINE_VERSION && b->len > 0) {
        b->part++;
        b->len = 0;
        return false;
    }
    if (!fits(b, c)) b->part = LINE_NONE;
    b->len++;
    return b->part == LINE_VERSION && b->len == sizeof "HTTP/1." - 1;
}

static bool is_out(const struct beginning *b)
{
    return b->part == LINE_NONE && b->tls == DIFFERS && b->status == DIFFERS && b->proxy1 == DIFFERS &&
           b->proxy2 == DIFFERS;
}

void beginning_read(struct beginning *b, const char *data, size_t len)
{
    static const char proxy2[] = "\r\n\r\n\0\r\nQUIT\n";
    for (size_t i = 0; i < len && b->kind == BEGINNING_UNDECIDED; i++) {
        char c = data[i];
        if (compare(&b->tls, "\x16\x03", 2, c)) b->kind = BEGINNING_TLS;
        if (compare(&b->status, "HTTP/1.", 7, c) || read_request_line(b, c)) b->kind = BEGINNING_HTTP;
        if (compare(&b->proxy1, "PROXY ", 6, c) || compare(&b->proxy2, proxy2, sizeof proxy2 - 1, c)) {
            b->has_proxy_header = true;
            b->kind = BEGINNING_PLAIN;
        }
        if (b->kind == BEGINNING_UNDECIDED && is_out(b)) b->kind = BEGINNING_PLAIN;
    }
}
