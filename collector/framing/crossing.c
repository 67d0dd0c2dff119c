/*
 * crossing -- an event was cut off, and the next one is in another encoding, or begins in the middle of a unit of
 * UTF-16: reading on as before does not show its start tag. So it is searched in the other ways, too.
 */
#include "collector/framing/state.h"

static bool is_utf16(enum coding coding)
{
    return coding == CODING_UTF16LE || coding == CODING_UTF16BE;
}

/* In text of bytes only a `<` with a NUL beside it can be one of UTF-16. */
enum crossing crossing_check(struct framer *f, uint64_t to, enum coding *coding)
{
    *coding = CODING_UTF16LE;
    uint64_t at = f->at;
    if (is_utf16(f->reader.coding)) return CROSSING_NONE;
    if (window_byte(&f->window, at - 1) == '\0') {
        *coding = CODING_UTF16BE;
        at--;
    } else if (window_byte(&f->window, at + 1) != '\0') {
        return CROSSING_NONE;
    }
    uint64_t found_at = at;
    bool is_found = marks_find(&f->window, &f->lexer, *coding, &found_at, to);
    if (found_at != at) return CROSSING_NONE;
    if (is_found) f->at = at;
    return is_found ? CROSSING_FOUND : CROSSING_UNDECIDED;
}

void crossing_begin(struct framer *f)
{
    f->crossing_at = f->at;
    f->crossed[0] = f->at;
    f->crossed[1] = f->at + 1;
}

/* Text of UTF-16 is searched as bytes, and as units that are displaced by a byte. */
bool crossing_find(struct framer *f, uint64_t to, enum coding *coding)
{
    const enum coding codings[CROSSINGS] = {CODING_ASCII, f->reader.coding};
    uint64_t found_at = NOWHERE;
    if (!is_utf16(f->reader.coding)) return false;
    for (size_t i = 0; i < CROSSINGS; i++) {
        uint64_t *at = &f->crossed[i];
        if (*at >= to || !marks_find(&f->window, &f->lexer, codings[i], at, to) || *at >= found_at) continue;
        found_at = *at;
        *coding = codings[i];
    }
    if (found_at != NOWHERE) f->at = found_at;
    return found_at != NOWHERE;
}

uint64_t crossing_reach(const struct framer *f, const struct xml_token *token, bool is_all, uint64_t end)
{
    switch (token->kind) {
    case XML_UNFINISHED:
        if (token->hides) return f->at + framer_bytes(f, token->looked);
        return is_all ? end : f->at;
    case XML_MARK:
    case XML_COMMENT:
    case XML_CDATA: return f->at;
    default: return f->at + framer_bytes(f, token->len);
    }
}

uint64_t crossing_needs(const struct framer *f)
{
    uint64_t from = f->at;
    for (size_t i = 0; i < CROSSINGS && is_utf16(f->reader.coding); i++)
        if (f->crossed[i] < from) from = f->crossed[i];
    return from;
}
