/*
 * single_byte -- see single_byte.h. A byte counts as a character of its own if it can be decoded alone. An encoding may
 * join two such characters, or shift to other ones; so a text with each pair of them must become the same as they do
 * alone, or there is no table.
 */
#include "collector/framing/single_byte.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/transcode.h"
#include "common/utf8.h"

#define TABLE_COUNT  4
#define ENCODING_MAX 40 /* bytes of a name; no known encoding has a longer one */
#define BYTE_COUNT   256
#define UTF8_MAX     4

struct table {
    char encoding[ENCODING_MAX + 1]; /* "": not used yet */
    uint64_t used_at;                /* in events of all encodings */
    unsigned uses;
    bool is_made;       /* or it cannot be made, and no byte has a text */
    bool has_all_ascii; /* each of its bytes stands for itself */
    bool is_same[BYTE_COUNT];
    unsigned char lens[BYTE_COUNT]; /* 0: not a character of its own */
    char texts[BYTE_COUNT][UTF8_MAX];
};

struct single_byte {
    struct table tables[TABLE_COUNT];
    uint64_t events;
};

struct single_byte *single_byte_new(void)
{
    struct single_byte *all = calloc(1, sizeof *all);
    if (!all) abort();
    return all;
}

void single_byte_free(struct single_byte *all)
{
    free(all);
}

/* ---- making a table ---- */

static void decode_each_byte(struct table *table)
{
    struct buf utf8 = BUF_EMPTY;
    for (int i = 0; i < BYTE_COUNT; i++) {
        char byte = (char)i;
        buf_clear(&utf8);
        if (transcode((struct slice){&byte, 1}, table->encoding, UTF8_MAX, &utf8) != TRANSCODED) continue;
        if (utf8.len == 0 || utf8.len > UTF8_MAX) continue;
        table->lens[i] = (unsigned char)utf8.len;
        memcpy(table->texts[i], utf8.data, utf8.len);
        table->is_same[i] = utf8.len == 1 && utf8.data[0] == byte;
    }
    buf_fini(&utf8);
}

static void append_character(const struct table *table, int byte, struct buf *bytes, struct buf *utf8)
{
    if (table->lens[byte] == 0) return;
    buf_append_char(bytes, (char)byte);
    buf_append(utf8, table->texts[byte], table->lens[byte]);
}

/* Each byte before each other one and before itself: 0 01 02 03 .. 1 12 13 .. 2 23 .. and the first one again. */
static void append_all_pairs(const struct table *table, struct buf *bytes, struct buf *utf8)
{
    for (int first = 0; first < BYTE_COUNT; first++) {
        append_character(table, first, bytes, utf8);
        for (int second = first + 1; second < BYTE_COUNT && table->lens[first] > 0; second++) {
            if (table->lens[second] == 0) continue;
            append_character(table, first, bytes, utf8);
            append_character(table, second, bytes, utf8);
        }
    }
    if (bytes->len > 0) append_character(table, (unsigned char)bytes->data[0], bytes, utf8);
}

static bool are_pairs_as_alone(const struct table *table)
{
    struct buf bytes = BUF_EMPTY;
    struct buf expected = BUF_EMPTY;
    struct buf utf8 = BUF_EMPTY;
    append_all_pairs(table, &bytes, &expected);
    bool is_same = transcode((struct slice){bytes.data, bytes.len}, table->encoding, TRANSCODE_MAX, &utf8) ==
                       TRANSCODED &&
                   utf8.len == expected.len &&
                   (utf8.len == 0 || memcmp(utf8.data, expected.data, utf8.len) == 0);
    buf_fini(&bytes);
    buf_fini(&expected);
    buf_fini(&utf8);
    return is_same;
}

static void make_table(struct table *table)
{
    table->is_made = true;
    decode_each_byte(table);
    if (are_pairs_as_alone(table)) {
        table->has_all_ascii = true;
        for (int i = 0; i < 0x80; i++) table->has_all_ascii &= table->is_same[i];
        return;
    }
    memset(table->is_same, 0, sizeof table->is_same);
    memset(table->lens, 0, sizeof table->lens);
}

/* ---- using it ---- */

/* The encoding's table; a new one takes the place of the one that was used least lately. NULL: the name is too long. */
static struct table *find_table(struct single_byte *all, const char *encoding)
{
    struct table *oldest = &all->tables[0];
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        struct table *table = &all->tables[i];
        if (strcmp(table->encoding, encoding) == 0) return table;
        if (table->used_at < oldest->used_at) oldest = table;
    }
    size_t len = strlen(encoding);
    if (len > ENCODING_MAX) return NULL;
    *oldest = (struct table){.uses = 0};
    memcpy(oldest->encoding, encoding, len);
    return oldest;
}

/* How many bytes from `at` on stand for themselves. */
static size_t same_len(const struct table *table, struct slice bytes, size_t at)
{
    size_t end = at;
    if (table->has_all_ascii) return utf8_ascii_len(bytes.data + at, bytes.len - at);
    while (end < bytes.len && table->is_same[(unsigned char)bytes.data[end]]) end++;
    return end - at;
}

static bool convert(const struct table *table, struct slice bytes, size_t at, size_t max, struct buf *utf8)
{
    size_t from = 0;
    buf_clear(utf8);
    buf_reserve(utf8, bytes.len + bytes.len / 8 + UTF8_MAX);
    while (at < bytes.len) {
        unsigned char byte = (unsigned char)bytes.data[at];
        if (table->lens[byte] == 0 || utf8->len > max) return false;
        buf_append(utf8, bytes.data + from, at - from);
        buf_append(utf8, table->texts[byte], table->lens[byte]);
        from = ++at;
        at += same_len(table, bytes, at);
    }
    buf_append(utf8, bytes.data + from, bytes.len - from);
    return utf8->len <= max;
}

bool single_byte_decode(struct single_byte *all, struct slice bytes, const char *encoding, size_t max,
                        struct buf *utf8, struct slice *text)
{
    struct table *table = find_table(all, encoding);
    if (!table || bytes.len == 0) return false;
    table->used_at = ++all->events;
    if (++table->uses >= SINGLE_BYTE_NEW && !table->is_made) make_table(table);
    if (!table->is_made) return false;
    size_t same = same_len(table, bytes, 0);
    *text = bytes;
    if (same == bytes.len) return bytes.len <= max;
    if (!convert(table, bytes, same, max, utf8)) return false;
    *text = (struct slice){utf8->data, utf8->len};
    return true;
}
