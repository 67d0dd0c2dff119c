/* reader -- see reader.h. */
#include "collector/framing/reader.h"

#define KEPT_CAPACITY 4096

void reader_init(struct reader *r, struct window *window)
{
    *r = (struct reader){.window = window};
}

void reader_fini(struct reader *r)
{
    buf_fini(&r->units);
}

static void begin_at(struct reader *r, uint64_t at)
{
    r->state = (struct coding_state){0};
    r->from = r->to = at;
    if (r->units.capacity > KEPT_CAPACITY) buf_fini(&r->units);
    buf_clear(&r->units);
}

void reader_set_coding(struct reader *r, enum coding coding)
{
    if (r->coding == coding) return;
    r->coding = coding;
    bool is_known = coding == r->units_coding && coding_unit_bytes(coding) == 2;
    if (is_known || (coding == CODING_ASCII && coding_unit_bytes(r->units_coding) == 2)) return;
    r->units_coding = coding;
    begin_at(r, 0);
}

/* Forgets the units before `at`, once they are more than half of all. */
static void forget_before(struct reader *r, uint64_t at)
{
    size_t count = (size_t)(at - r->from) / coding_unit_bytes(r->coding);
    if (count == 0 || count < r->units.len / 2) return;
    r->units.len -= count;
    memmove(r->units.data, r->units.data + count, r->units.len);
    r->from = at;
}

/* Reads bytes up to `to`, as far as it is clear what they are. */
static void read_up_to(struct reader *r, uint64_t to)
{
    size_t unit_bytes = coding_unit_bytes(r->coding);
    size_t most = r->window->held_most ? r->window->held_most / unit_bytes : SIZE_MAX;
    char unit = 0;
    while (r->to < to) {
        struct slice bytes = window_view(r->window, r->to, CODING_LOOK_MAX);
        if (!coding_read(r->coding, &r->state, bytes.data, bytes.len, &unit)) return;
        buf_reserve_within(&r->units, 1, most);
        buf_append_char(&r->units, unit);
        r->to += unit_bytes;
    }
}

/* Can what has been read be used from `at` on? Else the units are read anew from there. */
static bool is_read(const struct reader *r, uint64_t at)
{
    return at >= r->from && at <= r->to && (at - r->from) % coding_unit_bytes(r->coding) == 0;
}

struct slice reader_view(struct reader *r, uint64_t at, uint64_t limit, size_t wanted)
{
    if (limit > r->window->end) limit = r->window->end;
    if (r->coding == CODING_ASCII) {
        size_t len = (size_t)(limit - at);
        struct slice bytes = window_view(r->window, at, wanted < len ? wanted : len);
        return (struct slice){bytes.data, bytes.len < len ? bytes.len : len};
    }
    size_t unit_bytes = coding_unit_bytes(r->coding);
    size_t count = (size_t)(limit - at) / unit_bytes;
    if (!is_read(r, at)) begin_at(r, at);
    forget_before(r, at);
    read_up_to(r, at + (wanted < count ? wanted : count) * unit_bytes);
    size_t before = (size_t)(at - r->from) / unit_bytes;
    size_t read = r->units.len - before;
    if (read == 0) return (struct slice){NULL, 0}; /* perhaps there is no buffer yet */
    return (struct slice){r->units.data + before, read < count ? read : count};
}

char reader_unit(const struct window *window, enum coding coding, uint64_t at)
{
    char unit = window_byte(window, at);
    if (coding == CODING_UTF16LE) return window_byte(window, at + 1) ? CODING_OTHER : unit;
    if (coding == CODING_UTF16BE) return unit ? CODING_OTHER : window_byte(window, at + 1);
    return unit;
}

size_t reader_held_bytes(const struct reader *r)
{
    return r->units.capacity;
}
