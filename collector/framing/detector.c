/* detector -- see detector.h. */
#include "collector/framing/detector.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "collector/framing/markup.h"

static const char utf8[] = "UTF-8";
static const char utf16le[] = "UTF-16LE";
static const char utf16be[] = "UTF-16BE";

static void set_declared(struct detector *detector, const char *encoding)
{
    bool is_utf16 = false;
    (void)snprintf(detector->declared, sizeof detector->declared, "%s", encoding);
    detector->coding = coding_of(detector->declared, &is_utf16);
    if (!is_utf16) return;
    /* The bytes decide about UTF-16. Where they are not, this declaration counts as none. */
    *detector->declared = '\0';
    detector->coding = CODING_ASCII;
}

void detector_set(struct detector *detector, const char *encoding)
{
    *detector = (struct detector){.wide = CODING_ASCII};
    if (strcmp(encoding, utf16le) == 0)
        detector->wide = CODING_UTF16LE;
    else if (strcmp(encoding, utf16be) == 0)
        detector->wide = CODING_UTF16BE;
    else
        set_declared(detector, encoding);
}

void detector_declare(struct detector *detector, const char *declaration, size_t len)
{
    char encoding[DETECTOR_ENCODING_MAX] = "";
    markup_read_declaration(declaration, len, encoding, sizeof encoding);
    if (!detector->is_bom_fresh) set_declared(detector, encoding);
    detector->is_bom_fresh = false;
}

const char *detector_encoding(const struct detector *detector, enum coding coding)
{
    if (coding == CODING_UTF16LE) return utf16le;
    if (coding == CODING_UTF16BE) return utf16be;
    return detector->declared;
}

/* 1: these bytes stand at `at`; 0: they do not; -1: not all of them are there. */
static int stands(const struct window *window, uint64_t at, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (at + i == window->end) return -1;
        if (window_byte(window, at + i) != bytes[i]) return 0;
    }
    return 1;
}

/* May this character follow `<`? Where the text before was UTF-16 already, any character may. */
static bool may_follow(char high, char low, bool is_wide)
{
    if (is_wide) return high || low;
    return high == 0 && (low == '?' || low == '!' || low == '/' || isalpha((unsigned char)low));
}

/* Is this `<` of UTF-16? As stands(). */
static int is_utf16(const struct detector *detector, const struct window *window, uint64_t at,
                    enum coding coding)
{
    size_t low = coding == CODING_UTF16LE ? 0 : 1;
    const char lt[2] = {low == 0 ? '<' : '\0', low == 0 ? '\0' : '<'};
    int is = stands(window, at, lt, 2);
    if (is <= 0) return is;
    if (window->end - at < 4) return -1;
    return may_follow(window_byte(window, at + 3 - low), window_byte(window, at + 2 + low),
                      detector->wide == coding);
}

static int check_bom(struct detector *detector, const struct window *window, uint64_t at, size_t *len)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum coding coding;
    } boms[] = {
        {"\xEF\xBB\xBF", 3, CODING_ASCII}, {"\xFF\xFE", 2, CODING_UTF16LE}, {"\xFE\xFF", 2, CODING_UTF16BE}};
    int is = 0;
    for (size_t i = 0; i < sizeof boms / sizeof *boms && is == 0; i++) {
        is = stands(window, at, boms[i].bytes, boms[i].len);
        if (is <= 0) continue;
        *len = boms[i].len;
        if (boms[i].coding == CODING_ASCII && strcmp(detector->declared, utf8) != 0)
            set_declared(detector, utf8);
        detector->is_bom_fresh = boms[i].coding == CODING_ASCII;
        detector->wide = boms[i].coding;
    }
    return is;
}

/*
 * `00 3C 00 x` is `<` and x in UTF-16BE. But in UTF-16LE the first NUL may be the second half of the character before,
 * as in a line end: 0A 00 3C 00. Which it is follows from where the text began.
 */
static bool may_begin_unit(const struct detector *detector, uint64_t at)
{
    if (detector->wide == CODING_UTF16BE) return true;
    return detector->wide == CODING_UTF16LE ? at == detector->text_at : (at - detector->text_at) % 2 == 0;
}

static enum detected check_markup(struct detector *detector, const struct window *window, uint64_t at, char c,
                                  bool is_final, enum coding *coding)
{
    enum coding wide = c == '<' ? CODING_UTF16LE : CODING_UTF16BE;
    if (c != '<' && !may_begin_unit(detector, at)) return DETECTED_TEXT;
    int is = is_utf16(detector, window, at, wide);
    if (is < 0 && !is_final) return DETECTED_UNDECIDED;
    if (is <= 0 && c != '<') return DETECTED_TEXT;
    *coding = is > 0 ? wide : detector->coding;
    detector->wide = is > 0 ? wide : CODING_ASCII;
    return DETECTED_MARKUP;
}

enum detected detector_check(struct detector *detector, const struct window *window, uint64_t at, char c,
                             bool is_final, enum coding *coding, size_t *len)
{
    if (c == '<' || c == '\0') return check_markup(detector, window, at, c, is_final, coding);
    if ((unsigned char)c < 0x80) return DETECTED_TEXT;
    int is = check_bom(detector, window, at, len);
    if (is < 0 && !is_final) return DETECTED_UNDECIDED;
    return is > 0 ? DETECTED_BOM : DETECTED_TEXT;
}
