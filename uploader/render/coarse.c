/* coarse -- see coarse.h. */
#include "uploader/render/coarse.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 8 /* of a line or a column: no event is longer, and no card number is shorter */

/* The reasons of the view `rejects`, and what each of them means. */
static const struct {
    const char *reason, *meaning;
} meanings[] = {
    {"malformed", "not well-formed XML"},
    {"oversize", "larger than the collector accepts"},
    {"doctype", "a document type declaration (<!DOCTYPE) is not accepted"},
    {"encoding", "the bytes are not in the encoding that was declared or expected"},
    {"cut_off", "cut off before its end"},
    {"stray_bytes", "bytes that stand outside of events"},
    {"looks_like_http", "the connection speaks HTTP"},
    {"looks_like_tls", "the connection speaks TLS"},
    {"too_deep", "elements are nested too deeply"},
    {"unknown_element", "EVENT_ELEMENT does not name the element"},
};

static const char *meaning_of(const char *reason)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strcmp(meanings[i].reason, reason) == 0) return meanings[i].meaning;
    return "";
}

/* Moves past `word` and the number behind it. False: they are not there. */
static bool take_number(const char **at, const char *word, int64_t *number)
{
    size_t len = strlen(word);
    if (strncmp(*at, word, len) != 0) return false;
    *at += len;
    *number = 0;
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > DIGITS_MAX) return false;
    for (; digits > 0; digits--) *number = *number * 10 + (*(*at)++ - '0');
    return true;
}

/* The detail of what a retry has left begins with the number of the reject that it is from. */
static const char *skip_origin(const char *detail)
{
    static const char end[] = " taken: ";
    const char *taken = strncmp(detail, "what is left of reject ", 23) == 0 ? strstr(detail, end) : NULL;
    return taken ? taken + strlen(end) : detail;
}

const char *coarse_detail(const char *reason, const char *detail, char text[COARSE_SIZE])
{
    const char *meaning = meaning_of(reason);
    const char *at = skip_origin(detail);
    int64_t line = 0;
    int64_t column = 0;
    bool has_place = *meaning && take_number(&at, "line ", &line) && take_number(&at, ", column ", &column);
    if (has_place)
        (void)snprintf(text, COARSE_SIZE, "line %" PRId64 ", column %" PRId64 ": %s", line, column, meaning);
    else
        (void)snprintf(text, COARSE_SIZE, "%s", meaning);
    return text;
}
