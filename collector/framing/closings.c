/* closings -- see closings.h. All ends are a mark twice and a `>`. */
#include "collector/framing/closings.h"

static const char marks[CLOSING_COUNT] = {[CLOSING_COMMENT] = '-', [CLOSING_CDATA] = ']'};

/* The search of this coding; for UTF-16 there are two, one for each place that a unit may have. */
static struct closing_search *search_of(struct closings *all, enum coding coding, enum closing closing,
                                        uint64_t from)
{
    size_t place = (size_t)coding;
    if (coding == CODING_UTF16LE && from % 2 == 1) place = CODING_COUNT;
    if (coding == CODING_UTF16BE && from % 2 == 1) place = CODING_COUNT + 1;
    return &all->searches[place][closing];
}

/* Does what is known tell about an end that begins at `from` or behind? */
static bool is_useful(const struct closing_search *s, size_t end_bytes, uint64_t from)
{
    if (s->from == 0 || from < s->from) return false; /* no end can begin with the stream */
    return s->is_found ? from + end_bytes <= s->to : from <= s->to;
}

static void begin_at(struct closing_search *s, uint64_t from)
{
    *s = (struct closing_search){.from = from, .to = from};
}

/* Bytes that are ASCII: looks for `>`, and then at the two bytes before. */
static void search_bytes(struct closing_search *s, const struct window *window, char mark, uint64_t limit)
{
    while (s->to < limit && !s->is_found) {
        struct slice span = window_span(window, s->to);
        if (span.len > limit - s->to) span.len = (size_t)(limit - s->to);
        const char *end = memchr(span.data, '>', span.len);
        s->to += end ? (size_t)(end - span.data) + 1 : span.len;
        s->is_found = end && s->to >= s->from + 3 && window_byte(window, s->to - 2) == mark &&
                      window_byte(window, s->to - 3) == mark;
    }
}

/* The bytes at `at`, as many as coding_read() may need; they may lie in two stretches. */
static size_t copy_bytes(const struct window *window, uint64_t at, char bytes[CODING_LOOK_MAX])
{
    size_t len = 0;
    for (; len < CODING_LOOK_MAX && at + len < window->end; len++) bytes[len] = window_byte(window, at + len);
    return len;
}

/* Any other coding, unit by unit. */
static void search_units(struct closing_search *s, const struct window *window, enum coding coding, char mark,
                         uint64_t limit)
{
    size_t unit_bytes = coding_unit_bytes(coding);
    char bytes[CODING_LOOK_MAX];
    char unit = 0;
    while (s->to + unit_bytes <= limit && !s->is_found) {
        size_t len = copy_bytes(window, s->to, bytes);
        if (!coding_read(coding, &s->state, bytes, len, &unit)) return;
        s->to += unit_bytes;
        s->is_found =
            unit == '>' && s->last[0] == mark && s->last[1] == mark && s->to >= s->from + 3 * unit_bytes;
        s->last[0] = s->last[1];
        s->last[1] = unit;
    }
}

bool closings_find(struct closings *all, const struct window *window, enum coding coding,
                   enum closing closing, uint64_t from, uint64_t limit, uint64_t *end)
{
    struct closing_search *s = search_of(all, coding, closing, from);
    size_t end_bytes = 3 * coding_unit_bytes(coding);
    if (limit > window->end) limit = window->end;
    if (!is_useful(s, end_bytes, from)) begin_at(s, from);
    s->from = from; /* an end that begins before it does not count from now on */
    if (coding == CODING_ASCII)
        search_bytes(s, window, marks[closing], limit);
    else
        search_units(s, window, coding, marks[closing], limit);
    *end = s->to;
    return s->is_found && s->to <= limit;
}
