/* marks -- see marks.h. */
#include "collector/framing/marks.h"

#include "collector/framing/reader.h"
#include "common/xml/chars.h"

/* Units are read without regard to shifts: what stands in a shift is counted as well. */
#define TAG_MAX (XML_NAME_MAX + 3) /* `<`, a name, one byte too many, and what follows it */

/* Moves `*at` to the next `<`, if a whole unit before `to` is one; else to behind the last whole unit. */
static bool find_lt(const struct window *window, enum coding coding, uint64_t *at, uint64_t to)
{
    size_t unit_bytes = coding_unit_bytes(coding);
    if (unit_bytes > 1) {
        while (*at + unit_bytes <= to && reader_unit(window, coding, *at) != '<') *at += unit_bytes;
        return *at + unit_bytes <= to;
    }
    while (*at < to) {
        struct slice span = window_span(window, *at);
        if (span.len > to - *at) span.len = (size_t)(to - *at);
        const char *lt = memchr(span.data, '<', span.len);
        *at += lt ? (size_t)(lt - span.data) : span.len;
        if (lt) return true;
    }
    return false;
}

/* As xml_lexer_is_mark(), for the `<` at `at`; the bytes from `to` on are not there. */
static int is_mark(const struct window *window, const struct xml_lexer *lexer, enum coding coding,
                   uint64_t at, uint64_t to)
{
    size_t unit_bytes = coding_unit_bytes(coding);
    char tag[TAG_MAX];
    size_t len = 0;
    while (len < TAG_MAX && at + unit_bytes <= to) {
        tag[len++] = reader_unit(window, coding, at);
        at += unit_bytes;
        if (len == 2 && !lexer->marks->may_begin[(unsigned char)tag[1]]) return 0;
        if (len > 2 && !xml_is_name_char(tag[len - 1])) break;
    }
    return xml_lexer_is_mark(lexer, tag, len);
}

bool marks_find(const struct window *window, const struct xml_lexer *lexer, enum coding coding, uint64_t *at,
                uint64_t to)
{
    for (; find_lt(window, coding, at, to); *at += coding_unit_bytes(coding)) {
        int is = is_mark(window, lexer, coding, *at, to);
        if (is != 0) return is > 0;
    }
    return false;
}

/* Counts those that begin from `from` on and before `*to`, which becomes the place where the count has to go on. */
static size_t count(const struct window *window, const struct xml_lexer *lexer, enum coding coding,
                    uint64_t from, uint64_t *to, uint64_t end)
{
    size_t found = 0;
    uint64_t at = from;
    for (; find_lt(window, coding, &at, *to); at += coding_unit_bytes(coding)) {
        int is = is_mark(window, lexer, coding, at, end);
        if (is < 0) break;
        found += is > 0;
    }
    *to = at;
    return found;
}

static const enum coding readings[MARKS_READINGS] = {CODING_ASCII, CODING_UTF16LE, CODING_UTF16LE,
                                                     CODING_UTF16BE, CODING_UTF16BE};

static size_t reading_of(enum coding coding, uint64_t from)
{
    if (coding_unit_bytes(coding) == 1) return 0;
    return (coding == CODING_UTF16LE ? 1 : 3) + (size_t)(from % 2);
}

/* What begins before `from` does not count any more. */
static void forget_before(struct marks_part *part, const struct window *window, const struct xml_lexer *lexer,
                          enum coding coding, uint64_t from)
{
    if (from >= part->to) {
        *part = (struct marks_part){.from = from, .to = from};
    } else if (from > part->from) {
        uint64_t to =
            from + (from - part->from) % coding_unit_bytes(coding); /* a unit may begin before `from` */
        part->count -= count(window, lexer, coding, part->from, &to, window->end);
        part->from = to;
    }
}

void marks_forget_before(struct marks *marks, const struct window *window, const struct xml_lexer *lexer,
                         uint64_t from)
{
    for (size_t i = 0; i < MARKS_READINGS; i++) /* one that ends before is forgotten when it is asked for */
        if (from < marks->parts[i].to) forget_before(&marks->parts[i], window, lexer, readings[i], from);
}

size_t marks_count(struct marks *marks, const struct window *window, const struct xml_lexer *lexer,
                   enum coding coding, uint64_t from, uint64_t to)
{
    struct marks_part *part = &marks->parts[reading_of(coding, from)];
    to -= (to - from) % coding_unit_bytes(coding);
    uint64_t counted = to;
    if (to < part->to) return count(window, lexer, coding, from, &counted, to);
    if (from < part->from) *part = (struct marks_part){.from = from, .to = from};
    forget_before(part, window, lexer, coding, from);
    part->count += count(window, lexer, coding, part->to, &counted, to);
    part->to = counted;
    return part->count;
}
