/* account -- see account.h. */
#include "tests/support/account.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_MAX 256 /* elements that are open at once between two frames; what is deeper is believed */

/* An element that began between these two frames. */
struct open_element {
    uint64_t name; /* its hash */
    bool has_content;
};

struct hole {
    const struct account *account;
    size_t at; /* how far it is read */
    size_t to;
    bool may_go_on; /* more bytes may follow: an element of IGNORE_ELEMENTS may be unfinished */
    struct open_element open[OPEN_MAX];
    size_t depth;
};

static uint64_t hash_name(struct slice name)
{
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < name.len; i++) hash = (hash ^ (unsigned char)name.data[i]) * 1099511628211U;
    return hash;
}

static struct slice hole_text(const struct hole *hole)
{
    return (struct slice){hole->account->stream.data + hole->at, hole->to - hole->at};
}

static bool begin_element(struct hole *hole, struct piece piece)
{
    if (hole->depth > 0) hole->open[hole->depth - 1].has_content = true;
    if (piece.kind == PIECE_EMPTY) return !piece.has_attributes;
    if (hole->depth < OPEN_MAX)
        hole->open[hole->depth++] = (struct open_element){hash_name(piece.name), piece.has_attributes};
    return true;
}

/* Has a start tag of this name stood anywhere before? In any encoding, so with NULs between its characters. */
static bool has_begun(const struct hole *hole, struct slice name)
{
    static const struct units all[] = {{1, 0}, {2, 0}, {2, 1}};
    const char *stream = hole->account->stream.data;
    for (size_t u = 0; u < sizeof all / sizeof all[0]; u++) {
        size_t width = all[u].width;
        for (size_t at = 0; at + (name.len + 1) * width <= hole->at; at++) {
            size_t same = 0;
            if (stream[at + all[u].low] != '<') continue;
            while (same < name.len && (name.data[same] == '\xC3' || /* any character beyond ASCII */
                                       stream[at + (same + 1) * width + all[u].low] == name.data[same]))
                same++;
            if (same == name.len) return true;
        }
    }
    return false;
}

/* An element that lies between two frames, whole, is a separator only if it is empty. */
static bool end_element(struct hole *hole, struct piece piece)
{
    if (hole->depth == OPEN_MAX) return true;
    if (hole->depth == 0) return has_begun(hole, piece.name);
    struct open_element last = hole->open[--hole->depth];
    return last.name == hash_name(piece.name) && !last.has_content;
}

/* Bytes of an element of IGNORE_ELEMENTS, from its start tag to its end tag; 0: it has none. */
static size_t ignored_len(const struct hole *hole, struct slice text, struct piece piece)
{
    if (piece.kind == PIECE_EMPTY) return piece.len;
    for (size_t at = piece.len; at < text.len; at++) {
        struct slice rest = slice_behind(text, at);
        if (text_begins_element(rest, hole->account->events)) return 0;
        struct piece end = piece_read(rest);
        if (end.kind == PIECE_END && end.name.len == piece.name.len &&
            memcmp(end.name.data, piece.name.data, end.name.len) == 0)
            return at + end.len;
    }
    return 0;
}

static size_t tag_len(struct hole *hole, struct slice text, struct piece piece)
{
    if (name_is_in(hole->account->events, piece.name)) return 0;
    if (piece.kind != PIECE_END && name_is_in(hole->account->ignored, piece.name)) {
        size_t len = ignored_len(hole, text, piece);
        if (len > 0 || hole->may_go_on) return len;
    }
    bool is_good = piece.kind == PIECE_END ? end_element(hole, piece) : begin_element(hole, piece);
    return is_good ? piece.len : 0;
}

/* The piece holds a whole start tag of an event. */
static bool holds_event(const struct hole *hole, struct slice piece)
{
    size_t at = text_find_element(piece, hole->account->events);
    return at < piece.len && memchr(piece.data + at, '>', piece.len - at - 3) != NULL;
}

/* Bytes of the separator that begins with `<`; 0: there is none. `width`: bytes of a character. */
static size_t markup_len(struct hole *hole, struct slice text, size_t width)
{
    struct piece piece = piece_read(text);
    switch (piece.kind) {
    case PIECE_START:
    case PIECE_EMPTY:
    case PIECE_END: return tag_len(hole, text, piece);
    case PIECE_COMMENT:
    case PIECE_INSTRUCTION:
        if (piece.len * width > ACCOUNT_MARKUP_MAX) return 0;
        return holds_event(hole, (struct slice){text.data, piece.len}) ? 0 : piece.len;
    case PIECE_DECLARATION: /* it closes what is open, which then was around no event */
        return hole->depth > 0 || holds_event(hole, (struct slice){text.data, piece.len}) ? 0 : piece.len;
    case PIECE_CDATA:
    case PIECE_NONE: break;
    }
    return 0;
}

/* Bytes of the separator that the hole goes on with; 0: it goes on with none. */
static size_t separator_len(struct hole *hole)
{
    struct slice text = hole_text(hole);
    struct units units = units_at(text);
    /* Within a stretch of UTF-16 a name may begin with any character. */
    if (text.len >= 4 && memcmp(text.data, "<\0", 2) == 0) units = (struct units){2, 0};
    if (text.len >= 4 && memcmp(text.data, "\0<", 2) == 0) units = (struct units){2, 1};
    if (units.width == 2) {
        struct slice narrow;
        char *bytes = units_narrow(text, units, SIZE_MAX, &narrow);
        size_t len = markup_len(hole, narrow, 2) * 2;
        free(bytes);
        if (len > 0) return len;
    }
    if (memchr(" \t\r\n\1\2\3\4\x0B\x1C", *text.data, sizeof " \t\r\n\1\2\3\4\x0B\x1C"))
        return 1; /* or NUL */
    if (slice_begins_with(text, "\xEF\xBB\xBF")) return 3;
    if (slice_begins_with(text, "\xFF\xFE") || slice_begins_with(text, "\xFE\xFF")) return 2;
    return *text.data == '<' ? markup_len(hole, text, 1) : 0;
}

static void read_separators(struct hole *hole)
{
    while (hole->at < hole->to) {
        size_t len = separator_len(hole);
        if (len == 0) return;
        hole->at += len;
    }
}

bool account_is_separators(const struct account *account, size_t from, size_t to, bool is_last)
{
    struct hole hole = {.account = account, .at = from, .to = to};
    read_separators(&hole);
    return hole.at == to && (!is_last || hole.depth == 0);
}

size_t account_skip_separators(const struct account *account, size_t from, size_t to)
{
    struct hole hole = {.account = account, .at = from, .to = to, .may_go_on = true};
    read_separators(&hole);
    return hole.at;
}

/* An unfinished event holds the start tag of another event only in a comment or CDATA section that is closed. */
static bool holds_one_event(const struct account *account, struct slice text)
{
    for (size_t at = 1; at < text.len;) {
        struct slice rest = slice_behind(text, at);
        if (text_begins_element(rest, account->events)) return false;
        struct piece piece = piece_read(rest);
        bool may_hide = piece.kind == PIECE_COMMENT || piece.kind == PIECE_CDATA;
        at += may_hide ? piece.len : 1;
    }
    return true;
}

bool account_may_be_held(const struct account *account, size_t from, size_t to)
{
    struct hole hole = {.account = account, .at = from, .to = to, .may_go_on = true};
    read_separators(&hole);
    struct slice text = hole_text(&hole);
    struct slice narrow;
    char *bytes = units_narrow(text, units_at(text), SIZE_MAX, &narrow);
    bool is_small =
        text.len <= ACCOUNT_MARKUP_MAX && text_find_element(narrow, account->events) == narrow.len;
    bool is_good = text.len <= 5 || /* the beginning of an end, also in UTF-16 */
                   (is_small && piece_may_follow(narrow)) || text_begins_element(narrow, account->ignored);
    if (text_begins_element(narrow, account->events)) is_good = holds_one_event(account, narrow);
    /* A document type belongs to the event behind it, which may be unfinished. */
    is_good |= slice_begins_with(narrow, "<!DOCTYPE");
    free(bytes);
    return is_good;
}
