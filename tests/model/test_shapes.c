/*
 * test_shapes -- what has a known shape is what its tags say it is: random events are learned, and copies of them, changed
 * in their texts, and then anywhere, are read in both ways.
 *
 *     build/release/model/shapes [EVENTS [SEED]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xml/shapes.h"
#include "tests/model/plain_strings.h"

#define EVENTS 100000
#define DEPTH  4
#define COPIES 8 /* of each event, each with one change more than the one before */

struct trial {
    size_t events;
    struct chance chance;
    struct xml_shapes *shapes;
    size_t read, known, usual;
};

/* What the tags say: the element's length, or 0, and the texts of its leaves. */
struct tags {
    size_t len;
    bool is_ascii;
    size_t count;
    struct xml_plain_run texts[XML_PLAIN_MAX / 4];
};

static void read_tags(struct tags *tags, const char *text, size_t len, struct xml_shapes *shapes)
{
    struct xml_plain plain;
    struct xml_plain_tag tag;
    tags->count = 0;
    if (shapes) xml_shapes_begin(shapes, text);
    xml_plain_begin(&plain, text, len);
    while (xml_plain_next(&plain, &tag)) {
        if (shapes) (void)xml_shapes_add(shapes, &tag);
        if (tag.kind == XML_PLAIN_LEAF && !xml_plain_is_closed_at_once(&tag))
            tags->texts[tags->count++] = tag.content;
    }
    tags->len = xml_plain_len(&plain);
    tags->is_ascii = plain.is_ascii;
    if (shapes && tags->len > 0) (void)xml_shapes_end(shapes, tags->len);
}

/* In a copy that ends where the text ends: reading behind it shows under sanitizers. */
static void compare(struct trial *trial, const struct buf *text)
{
    static struct tags tags;
    struct xml_shaped shaped;
    char *copy = malloc(text->len);
    assert_non_null(copy);
    memcpy(copy, text->data, text->len);
    bool is_known = xml_shapes_read(trial->shapes, copy, text->len, &shaped);
    trial->read++;
    trial->known += is_known;
    read_tags(&tags, copy, text->len, is_known ? NULL : trial->shapes);
    if (is_known) {
        if (shaped.len != tags.len || shaped.count != tags.count || shaped.is_ascii != tags.is_ascii)
            fail_msg("%.*s\nhas a known shape, but by its tags it is another", (int)text->len, copy);
        for (size_t i = 0; i < shaped.count; i++) {
            assert_ptr_equal(shaped.texts[i].at, tags.texts[i].at);
            assert_int_equal(shaped.texts[i].len, tags.texts[i].len);
            assert_int_equal(shaped.texts[i].is_literal, tags.texts[i].is_literal);
        }
    }
    free(copy);
}

/* ---- events ---- */

#define DRAW(texts, chance) (texts)[chance_below(chance, sizeof(texts) / sizeof *(texts))]

static const char *const texts[] = {
    "",  "x",   "]]",   "&#13;", "&lt;",      "\xC3\xA4", " \t", "\xF0\x9F\x94\x93",
    "/", "]]>", "\xC3", "\r\n",  "plain text"};

static void append_leaf(struct buf *text, const char *name, struct chance *chance)
{
    if (chance_below(chance, 4) == 0)
        buf_append_format(text, "<%s/>", name);
    else
        buf_append_format(text, "<%s>%s</%s>", name, chance_below(chance, 2) ? "1" : "&amp;", name);
}

/* Now and then there is other text than white space between two tags. */
static void append_element(struct buf *text, size_t depth, struct chance *chance)
{
    static const char *const names[] = {"a", "b", "cn", "a_name-of.24-characters1"};
    static const char *const between[] = {"", "", "\n", "\n", " \r\n", "\t\t  "};
    const char *name = DRAW(names, chance);
    if (depth == 0 || (depth < DEPTH && chance_below(chance, 4))) {
        append_leaf(text, name, chance);
        return;
    }
    buf_append_format(text, "<%s>", name);
    for (size_t i = chance_below(chance, 5) + 1; i > 0; i--) {
        append_element(text, depth - 1, chance);
        buf_append_text(text, chance_below(chance, 100) ? DRAW(between, chance) : "x");
    }
    buf_append_format(text, "</%s>", name);
}

/* What stands behind a tag becomes another text. */
static void change_text(struct buf *text, struct chance *chance)
{
    struct buf changed = BUF_EMPTY;
    size_t from = chance_below(chance, text->len);
    const char *at = memchr(text->data + from, '>', text->len - from);
    const char *end = at ? memchr(at, '<', text->len - (size_t)(at - text->data)) : NULL;
    if (!end) return;
    buf_append(&changed, text->data, (size_t)(at + 1 - text->data));
    buf_append_text(&changed, DRAW(texts, chance));
    buf_append(&changed, end, (size_t)(text->data + text->len - end));
    buf_fini(text);
    *text = changed;
}

/* An element whose shape is known mostly: so the others are looked at, too. */
static void compare_usual(struct trial *trial)
{
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "<e><a>1</a></e>");
    for (size_t i = 0; i < 17; i++) compare(trial, &text);
    buf_fini(&text);
    trial->usual += 17;
}

static void compare_copies(struct trial *trial, struct buf *text)
{
    compare(trial, text);
    for (size_t i = 0; i < COPIES && text->len > 0; i++) {
        if (i + 1 < COPIES)
            change_text(text, &trial->chance);
        else
            plain_mutate(text, &trial->chance);
        if (text->len > 0) compare(trial, text);
    }
}

static void what_has_a_known_shape_is_what_its_tags_say(void **state)
{
    struct trial *trial = *state;
    trial->shapes = xml_shapes_new();
    for (size_t i = 0; i < trial->events; i++) {
        struct buf text = BUF_EMPTY;
        compare_usual(trial);
        append_element(&text, DEPTH, &trial->chance);
        compare(trial, &text);
        compare_copies(trial, &text);
        buf_fini(&text);
    }
    xml_shapes_free(trial->shapes);
    printf("# %zu elements were read, %zu of them had a known shape\n", trial->read, trial->known);
    assert_true(trial->known > trial->usual + trial->events / 2);
}

int main(int argc, char **argv)
{
    struct trial trial = {.events = argc > 1 ? strtoul(argv[1], NULL, 10) : EVENTS};
    trial.chance = chance_begin();
    if (argc > 2) trial.chance.state = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(what_has_a_known_shape_is_what_its_tags_say, &trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
