/*
 * plain_tree -- see plain_tree.h. What a text stands for is added to the columns that its element fills, while it is
 * written; they are trimmed and cut at the end.
 */
#include "tests/model/plain_tree.h"

#include <stdio.h>
#include <string.h>

#include "common/xml/plain.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LEVELS       (XML_PLAIN_DEPTH_MAX + 2)
#define OWN_CHILD    2 /* elements that are open in a child of the event */

struct writer {
    struct plain_tree *tree;
    const struct index_fields *fields;
    struct chance *chance;
    enum plain_tree_size size;
    struct {
        size_t at, len;
    } open[LEVELS]; /* names, in the text */
    size_t depth;
    bool fills[EVENT_FIELD_COUNT]; /* the own child that is open */
};

static size_t pick(struct writer *w, size_t limit)
{
    return chance_below(w->chance, limit);
}

static bool flip(struct writer *w, size_t one_in)
{
    return pick(w, one_in) == 0;
}

/* ---- texts ---- */

static bool ends_with(const struct buf *text, const char *end)
{
    size_t len = strlen(end);
    return text->len >= len && memcmp(text->data + text->len - len, end, len) == 0;
}

/* `]]>` is forbidden, and CR LF, also if it comes in two pieces, stands for one LF. */
static void add_piece(struct writer *w, const char *written, const char *meaning)
{
    struct buf *text = &w->tree->text;
    if (*written == '>' && ends_with(text, "]]")) return;
    if (*written == '\n' && ends_with(text, "\r")) meaning++;
    buf_append_text(text, written);
    for (const char *c = written; *c; c++) w->tree->is_ascii &= (unsigned char)*c < 0x80;
    for (size_t i = 0; w->depth == OWN_CHILD && i < EVENT_FIELD_COUNT; i++)
        if (w->fills[i]) buf_append_text(&w->tree->columns[i], meaning);
}

static void add_run(struct writer *w, const char *letter, size_t len)
{
    while (len-- > 0) add_piece(w, letter, letter);
}

/* A character as a reference, with leading zeros. */
static void add_reference(struct writer *w)
{
    static const struct {
        unsigned number;
        const char *meaning;
    } rows[] = {{'<', "<"},
                {'&', "&"},
                {'a', "a"},
                {' ', " "},
                {'\t', "\t"},
                {'\n', "\n"},
                {'\r', "\r"},
                {0x7F, "\x7F"},
                {0x80, "\xC2\x80"},
                {0xE9, "\xC3\xA9"},
                {0x7FF, "\xDF\xBF"},
                {0x800, "\xE0\xA0\x80"},
                {0x20AC, "\xE2\x82\xAC"},
                {0xD7FF, "\xED\x9F\xBF"},
                {0xE000, "\xEE\x80\x80"},
                {0xFFFD, "\xEF\xBF\xBD"},
                {0x10000, "\xF0\x90\x80\x80"},
                {0x10FFFF, "\xF4\x8F\xBF\xBF"}};
    size_t row = pick(w, COUNT(rows));
    int width = flip(w, 3) ? (int)pick(w, flip(w, 20) ? 24 : XML_PLAIN_DIGITS_MAX + 1) : 0;
    char written[64];
    switch (pick(w, 3)) {
    case 0: (void)snprintf(written, sizeof written, "&#%0*u;", width, rows[row].number); break;
    case 1: (void)snprintf(written, sizeof written, "&#x%0*x;", width, rows[row].number); break;
    default: (void)snprintf(written, sizeof written, "&#x%0*X;", width, rows[row].number); break;
    }
    const char *digits = written + (written[2] == 'x' ? 3 : 2);
    if (strlen(digits) > XML_PLAIN_DIGITS_MAX + strlen(";")) w->tree->is_within = false;
    add_piece(w, written, rows[row].meaning);
}

static void add_something(struct writer *w)
{
    static const struct {
        const char *written, *meaning;
    } rows[] = {{"&lt;", "<"},   {"&gt;", ">"},  {"&amp;", "&"},   {"&quot;", "\""},
                {"&apos;", "'"}, {"\r\n", "\n"}, {"\r", "\n"},     {"\n", "\n"},
                {" ", " "},      {"\t", "\t"},   {"]", "]"},       {"]]", "]]"},
                {">", ">"},      {"'\"", "'\""}, {"\x7F", "\x7F"}, {"a;#x/?!-=", "a;#x/?!-="}};
    static const char *const characters[] = {"\xC2\x85",        "\xC3\xA9",     "\xE2\x82\xAC",
                                             "\xEF\xBB\xBF",    "\xEF\xBF\xBD", "\xF0\x9F\x9A\xAA",
                                             "\xF4\x8F\xBF\xBF"};
    switch (pick(w, 5)) {
    case 0: add_reference(w); break;
    case 1: {
        const char *character = characters[pick(w, COUNT(characters))];
        add_piece(w, character, character);
        break;
    }
    case 2: add_run(w, flip(w, 3) ? " " : "t", pick(w, 40)); break;
    default: {
        size_t row = pick(w, COUNT(rows));
        add_piece(w, rows[row].written, rows[row].meaning);
    }
    }
}

/* Nearly as long as a column, so that it is cut in what follows. */
static void add_long_text(struct writer *w)
{
    add_run(w, " ", pick(w, 4));
    add_run(w, "c", EVENT_FIELD_MAX - pick(w, 8));
    for (size_t i = pick(w, 6); i > 0; i--) add_something(w);
    add_run(w, flip(w, 2) ? " " : "d", pick(w, 4));
}

static void add_text(struct writer *w)
{
    if (flip(w, 3)) return;
    if (flip(w, 12)) add_long_text(w);
    for (size_t i = 1 + pick(w, 4); i > 0; i--) add_something(w);
}

/* ---- elements ---- */

static void add_long_name(struct writer *w)
{
    size_t len = XML_PLAIN_NAME_MAX - 1 + pick(w, 3);
    if (len > XML_PLAIN_NAME_MAX) w->tree->is_within = false;
    for (; len > 0; len--) buf_append_char(&w->tree->text, 'n');
}

static void add_random_name(struct writer *w)
{
    static const char characters[] = "azAZ_bcdefghijklmnopqrstuvwxyBCDEFGHIJKLMNOPQRSTUVWXY0123456789-.";
    const size_t first = 53; /* of them may begin a name */
    buf_append_char(&w->tree->text, characters[pick(w, first)]);
    for (size_t i = pick(w, 30); i > 0; i--)
        buf_append_char(&w->tree->text, characters[pick(w, sizeof characters - 1)]);
}

/* The name of a column's element, without `*:`; "" where it has a prefix, or there is none. */
static const char *element_of(const struct index_fields *fields, size_t i)
{
    const char *element = fields->elements[i];
    if (strncmp(element, "*:", 2) == 0) element += 2;
    return strchr(element, ':') ? "" : element;
}

static void add_name(struct writer *w)
{
    const char *element = element_of(w->fields, pick(w, EVENT_FIELD_COUNT));
    if (w->size == PLAIN_TREE_ANY && flip(w, 200))
        add_long_name(w);
    else if (*element && !flip(w, 3))
        buf_append_text(&w->tree->text, element);
    else
        add_random_name(w);
}

/* An own child fills the columns that it names and that no earlier one has filled. */
static void begin_columns(struct writer *w, struct slice name)
{
    if (w->depth != OWN_CHILD) return;
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        const char *element = element_of(w->fields, i);
        bool is_named = strlen(element) == name.len && memcmp(element, name.data, name.len) == 0;
        w->fills[i] = is_named && !w->tree->has_column[i];
        w->tree->has_column[i] |= w->fills[i];
    }
}

/* The beginning of its start tag. */
static void begin_element(struct writer *w, const char *name)
{
    struct buf *text = &w->tree->text;
    buf_append_char(text, '<');
    size_t at = text->len;
    if (name)
        buf_append_text(text, name);
    else
        add_name(w);
    size_t len = text->len - at;
    w->open[w->depth].at = at;
    w->open[w->depth++].len = len;
    if (w->depth > XML_PLAIN_DEPTH_MAX) w->tree->is_within = false;
    begin_columns(w, (struct slice){text->data + at, len});
}

static void open_element(struct writer *w, const char *name)
{
    begin_element(w, name);
    buf_append_char(&w->tree->text, '>');
}

static void add_empty_element(struct writer *w)
{
    begin_element(w, NULL);
    buf_append_text(&w->tree->text, "/>");
    w->depth--;
}

static void close_element(struct writer *w)
{
    struct buf *text = &w->tree->text;
    size_t at = w->open[--w->depth].at;
    size_t len = w->open[w->depth].len;
    buf_append_text(text, "</");
    buf_reserve(text, len); /* the name lies in the same memory */
    buf_append(text, text->data + at, len);
    buf_append_char(text, '>');
}

/* Elements in each other down to `depth`, and nothing beside them but text. */
static void add_chain(struct writer *w, size_t depth)
{
    size_t from = w->depth;
    while (w->depth + 1 < depth) {
        open_element(w, flip(w, 2) ? "d" : NULL);
        if (flip(w, 4)) add_text(w);
    }
    if (flip(w, 3)) {
        add_empty_element(w);
    } else {
        open_element(w, NULL);
        add_text(w);
        close_element(w);
    }
    while (w->depth > from) {
        if (flip(w, 4)) add_text(w);
        close_element(w);
    }
}

static void add_child(struct writer *w)
{
    if (flip(w, 6)) {
        add_empty_element(w);
        return;
    }
    open_element(w, NULL);
    add_text(w);
    for (size_t i = flip(w, 3) ? 1 + pick(w, 3) : 0; i > 0; i--) {
        add_chain(w, w->depth + 1 + pick(w, 3));
        add_text(w);
    }
    close_element(w);
}

/* As long as the pass allows, or a byte or two more or less. */
static void pad(struct writer *w)
{
    size_t len = XML_PLAIN_MAX - 2 + pick(w, 5);
    size_t behind = strlen("</EVENT>");
    while (w->tree->text.len + behind < len) buf_append_char(&w->tree->text, 'x');
}

static void add_content(struct writer *w)
{
    bool is_any = w->size == PLAIN_TREE_ANY;
    for (size_t i = pick(w, is_any ? 7 : 4); i > 0; i--) {
        add_child(w);
        add_text(w);
    }
    if (is_any && flip(w, 50)) add_chain(w, XML_PLAIN_DEPTH_MAX - 1 + pick(w, 3));
    if (is_any && flip(w, 60)) pad(w);
}

/* ---- columns ---- */

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim_column(struct buf *column)
{
    size_t from = 0;
    while (from < column->len && is_white(column->data[from])) from++;
    size_t len = column->len - from;
    if (len > EVENT_FIELD_MAX) {
        len = EVENT_FIELD_MAX;
        while (((unsigned char)column->data[from + len] & 0xC0) == 0x80) len--;
    }
    while (len > 0 && is_white(column->data[from + len - 1])) len--;
    if (from > 0) memmove(column->data, column->data + from, len);
    column->len = len;
}

void plain_tree_build(struct plain_tree *tree, const struct index_fields *fields, enum plain_tree_size size,
                      struct chance *chance)
{
    static const char *const behind[] = {"", "", "\n", "<EVENT>", "x", "\xFF", "]]>", "</EVENT>", "&"};
    struct writer w = {.tree = tree, .fields = fields, .chance = chance, .size = size};
    *tree = (struct plain_tree){.is_within = true, .is_ascii = true};
    if (flip(&w, 40)) {
        buf_append_text(&tree->text, "<EVENT/>");
    } else {
        open_element(&w, "EVENT");
        add_text(&w);
        add_content(&w);
        close_element(&w);
    }
    tree->len = tree->text.len;
    if (tree->len > XML_PLAIN_MAX) tree->is_within = false;
    buf_append_text(&tree->text, behind[pick(&w, COUNT(behind))]);
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) trim_column(&tree->columns[i]);
}

void plain_tree_fini(struct plain_tree *tree)
{
    buf_fini(&tree->text);
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) buf_fini(&tree->columns[i]);
}
