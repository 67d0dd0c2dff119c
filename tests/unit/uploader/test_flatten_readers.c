/*
 * test_flatten_readers -- whether an event's markup is known, our own pass reads it, or libxml2, its JSON is the same, byte
 * for byte.
 *
 *     FLATTEN_TOKENS=3        every event of up to so many tokens
 *     FLATTEN_MUTATIONS=5000  how many changed events
 *
 * Run from the repository's root; what acmsim sends is read from BIN, the directory of the programs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xml/plain.h"
#include "tests/support/chance.h"
#include "tests/support/sanitized.h"
#include "uploader/render/flatten.h"
#include "uploader/render/members.h"
#include "uploader/render/plain_reader.h"
#include "uploader/render/shape_json.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TOKENS       (IS_SANITIZED ? 2 : 3)
#define MUTATIONS    5000

static size_t size_from(const char *name, size_t usual)
{
    const char *given = getenv(name);
    return given ? strtoull(given, NULL, 10) : usual;
}

/* ---- the comparison ---- */

struct readers {
    struct flatten *flatten[2]; /* by enum flatten_reader */
    struct members *members;
    struct shape_json *shapes;
    size_t compared, plain; /* how many of them libxml2 need not have read */
    size_t known;           /* and of these: whose shape was known */
};

static int readers_start(void **state)
{
    struct readers *readers = calloc(1, sizeof *readers);
    assert_non_null(readers);
    readers->flatten[FLATTEN_AUTO] = flatten_new(FLATTEN_AUTO);
    readers->flatten[FLATTEN_LIBXML2] = flatten_new(FLATTEN_LIBXML2);
    readers->members = members_new();
    readers->shapes = shape_json_new();
    *state = readers;
    return 0;
}

static int readers_end(void **state)
{
    struct readers *readers = *state;
    printf("# %zu events compared, %zu of them plain, %zu of a known shape\n", readers->compared,
           readers->plain, readers->known);
    flatten_free(readers->flatten[FLATTEN_AUTO]);
    flatten_free(readers->flatten[FLATTEN_LIBXML2]);
    members_free(readers->members);
    shape_json_free(readers->shapes);
    free(readers);
    return 0;
}

static enum result flatten_by(struct readers *readers, enum flatten_reader reader, const char *xml,
                              size_t len, bool renames_collisions, struct buf *out)
{
    struct why why = {0};
    struct json_object object;
    json_begin(&object, out, false);
    enum result res = flatten_event(readers->flatten[reader], xml, len, renames_collisions, &object, &why);
    json_end(&object);
    return res;
}

static void compare_once(struct readers *readers, const char *xml, size_t len, bool renames_collisions)
{
    struct buf ours = BUF_EMPTY;
    struct buf theirs = BUF_EMPTY;
    enum result res = flatten_by(readers, FLATTEN_AUTO, xml, len, renames_collisions, &ours);
    enum result expected = flatten_by(readers, FLATTEN_LIBXML2, xml, len, renames_collisions, &theirs);
    if (res != expected || ours.len != theirs.len || memcmp(ours.data, theirs.data, ours.len) != 0)
        fail_msg("%s\n    is %.*s\nnot %.*s", xml, (int)ours.len, ours.data, (int)theirs.len, theirs.data);
    buf_fini(&ours);
    buf_fini(&theirs);
}

/* Twice, as its shape may be known then. */
static void compare_copy(struct readers *readers, const char *xml, size_t len, bool renames_collisions)
{
    compare_once(readers, xml, len, renames_collisions);
    compare_once(readers, xml, len, renames_collisions);
}

/* Which of the readers will have read it? Another instance of them tells. */
static void count_readers(struct readers *readers, const char *xml, size_t len)
{
    struct buf out = BUF_EMPTY;
    struct json_object object;
    json_begin(&object, &out, false);
    members_clear(readers->members, SIZE_MAX, false);
    bool is_known = shape_json_write(readers->shapes, xml, len, false, FLATTEN_GROWTH * len, &object);
    bool is_plain = is_known || plain_reader_read(xml, len, readers->members, readers->shapes);
    if (is_plain && !is_known) shape_json_learn(readers->shapes, len, readers->members, false, false);
    readers->compared++;
    readers->plain += is_plain;
    readers->known += is_known;
    buf_fini(&out);
}

/* Compares the event in a copy that ends with its NUL: reading behind it would show under sanitizers. */
static void compare(struct readers *readers, const char *xml, size_t len)
{
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, xml, len);
    copy[len] = '\0';
    compare_copy(readers, copy, len, false);
    compare_copy(readers, copy, len, true);
    count_readers(readers, copy, len);
    free(copy);
}

/* Every element in it that is plain, whatever stands around it. */
static void compare_elements(struct readers *readers, const char *text, size_t len)
{
    for (const char *at = text; (at = memchr(at, '<', len - (size_t)(at - text))); at++) {
        struct xml_plain plain;
        struct xml_plain_tag tag;
        xml_plain_begin(&plain, at, len - (size_t)(at - text));
        while (xml_plain_next(&plain, &tag)) continue;
        if (xml_plain_len(&plain) > 0) compare(readers, at, xml_plain_len(&plain));
    }
}

static struct buf read_all(FILE *file)
{
    struct buf text = BUF_EMPTY;
    size_t got = 0;
    assert_non_null(file);
    do {
        buf_reserve(&text, 65536);
        got = fread(text.data + text.len, 1, 65536, file);
        text.len += got;
    } while (got > 0);
    return text;
}

static struct buf read_path(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct buf text = read_all(file);
    assert_int_equal(fclose(file), 0);
    return text;
}

static struct buf read_command(const char *command)
{
    FILE *pipe = popen(command, "r");
    struct buf text = read_all(pipe);
    assert_int_equal(pclose(pipe), 0);
    return text;
}

/* ---- events as they are sent ---- */

static void samples_are_the_same(void **state)
{
    struct readers *readers = *state;
    glob_t paths;
    assert_int_equal(glob("tests/data/samples/*.xml", 0, NULL, &paths), 0);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        struct buf text = read_path(paths.gl_pathv[i]);
        compare(readers, text.data, text.len);
        compare_elements(readers, text.data, text.len);
        buf_fini(&text);
    }
    globfree(&paths);
    assert_true(readers->plain > 300);
}

static void compare_stream(struct readers *readers, const char *bin, const char *options)
{
    char command[600];
    (void)snprintf(command, sizeof command, "%s/acmsim --stdout --count 40 %s 2>/dev/null", bin, options);
    struct buf text = read_command(command);
    compare_elements(readers, text.data, text.len);
    buf_fini(&text);
}

/* The list of feeds has each name at the beginning of a line, and what is said of it indented below. */
static void streams_of_the_simulator_are_the_same(void **state)
{
    static const char *const others[] = {"", "--seed 7 --size 600", "--size 60000 --declaration",
                                         "--hostile malformed --hostile truncated"};
    struct readers *readers = *state;
    const char *bin = getenv("BIN");
    char command[600];
    if (!bin) skip();
    (void)snprintf(command, sizeof command, "%s/acmsim --feed list | sed -n 's/^[^ ]/--feed &/p'", bin);
    struct buf feeds = read_command(command);
    buf_append_char(&feeds, '\0');
    for (char *line = strtok(feeds.data, "\n"); line; line = strtok(NULL, "\n"))
        compare_stream(readers, bin, line);
    for (size_t i = 0; i < COUNT(others); i++) compare_stream(readers, bin, others[i]);
    buf_fini(&feeds);
    assert_true(readers->plain > 5000);
}

/* ---- every short event ---- */

static const char *const tokens[] = {
    "<a>",    "</a>",      "<b>", "</b>",     "<a/>", "<a>x</a>",   "<_id> 1</_id>", "</E>",
    "<E>",    " ",         "\n",  "\r\n",     "x",    "\"\\",       "&amp;",         "&#32;",
    "&#xD;",  "&#x1F6AA;", "\t",  "\xC3\xA9", "]]>",  "<a c='d'/>", "<!---->",       "<![CDATA[ y ]]>",
    "<p:a/>", "<__id/>",   "&",   "\x1F",
};

static void append_tokens(struct readers *readers, const char *name, struct buf *event, size_t left)
{
    size_t len = event->len;
    buf_append_format(event, "</%s>", name);
    compare(readers, event->data, event->len);
    event->len = len;
    for (size_t i = 0; left > 0 && i < COUNT(tokens); i++) {
        buf_append_text(event, tokens[i]);
        append_tokens(readers, name, event, left - 1);
        event->len = len;
    }
}

static void every_short_event_is_the_same(void **state)
{
    static const char *const names[] = {"E", "_id"}; /* the second one collides with metadata itself */
    struct readers *readers = *state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct buf event = BUF_EMPTY;
        buf_append_format(&event, "<%s>", names[i]);
        append_tokens(readers, names[i], &event, size_from("FLATTEN_TOKENS", TOKENS) - i);
        buf_fini(&event);
    }
    assert_true(readers->plain > readers->compared / 20);
}

/* ---- changed events ---- */

static void replace(struct buf *event, size_t at, size_t len, const char *text, size_t text_len)
{
    struct buf changed = BUF_EMPTY;
    buf_append(&changed, event->data, at);
    buf_append(&changed, text, text_len);
    buf_append(&changed, event->data + at + len, event->len - at - len);
    buf_fini(event);
    *event = changed;
}

/* Where it makes a difference: at a tag. */
static size_t some_tag(struct chance *chance, const struct buf *event)
{
    size_t from = chance_below(chance, event->len);
    const char *tag = memchr(event->data + from, '<', event->len - from);
    return tag ? (size_t)(tag - event->data) : 0;
}

/* A token comes in, a stretch goes or comes twice, a byte becomes another. */
static void change(struct chance *chance, struct buf *event)
{
    static const char bytes[] = "<>/&;#x \n\r\t\"\\'_0aE]\x7F\xC3\xA9\x01";
    size_t from = some_tag(chance, event);
    size_t to = some_tag(chance, event);
    size_t at = chance_below(chance, event->len);
    const char *token = tokens[chance_below(chance, COUNT(tokens))];
    if (to < from) to = from;
    switch (chance_below(chance, 6)) {
    case 0: replace(event, at, 1, &bytes[chance_below(chance, sizeof bytes)], 1); return;
    case 1: replace(event, at, 0, token, strlen(token)); return;
    case 2: replace(event, from, to - from, "", 0); return;
    case 3: replace(event, to, 0, event->data + from, to - from); return;
    default: replace(event, from, 0, token, strlen(token)); return;
    }
}

static void changed_events_are_the_same(void **state)
{
    struct readers *readers = *state;
    struct chance chance = chance_begin();
    glob_t paths;
    assert_int_equal(glob("tests/data/samples/0*.xml", 0, NULL, &paths), 0);
    for (size_t left = size_from("FLATTEN_MUTATIONS", MUTATIONS); left > 0; left--) {
        struct buf event = read_path(paths.gl_pathv[chance_below(&chance, paths.gl_pathc)]);
        while (event.len > 0 && event.data[event.len - 1] == '\n') event.len--;
        for (size_t changes = 1 + chance_below(&chance, 4); event.len > 0 && changes > 0; changes--)
            change(&chance, &event);
        compare(readers, event.data, event.len);
        buf_fini(&event);
    }
    globfree(&paths);
    assert_true(readers->plain > readers->compared / 16);
}

/* ---- events of one shape ---- */

/* What stands between two tags becomes another text. */
static void change_text(struct chance *chance, struct buf *event)
{
    static const char *const texts[] = {"",
                                        "x",
                                        " x\t",
                                        "\"\\",
                                        "&#32;x&#xA;",
                                        "\r\nx\ry",
                                        "&quot;",
                                        "\xC3\xA9",
                                        "]]",
                                        "&#x1F6AA;\x7F",
                                        "plain text",
                                        "&#1;",
                                        "\t",
                                        "\xC3",
                                        "]]>",
                                        "a longer text of 35 characters here"};
    size_t from = some_tag(chance, event);
    const char *end = memchr(event->data + from, '>', event->len - from);
    if (!end) return;
    size_t at = (size_t)(end + 1 - event->data);
    const char *tag = memchr(event->data + at, '<', event->len - at);
    const char *text = texts[chance_below(chance, COUNT(texts))];
    if (tag) replace(event, at, (size_t)(tag - event->data) - at, text, strlen(text));
}

static void events_of_one_shape_are_the_same(void **state)
{
    struct readers *readers = *state;
    struct chance chance = chance_begin();
    struct buf sample = read_path("tests/data/samples/01_input_point_in_alarm.xml");
    while (sample.len > 0 && sample.data[sample.len - 1] == '\n') sample.len--;
    for (size_t left = size_from("FLATTEN_MUTATIONS", MUTATIONS); left > 0; left--) {
        struct buf event = BUF_EMPTY;
        buf_append(&event, sample.data, sample.len);
        for (size_t changes = 1 + chance_below(&chance, 4); changes > 0; changes--)
            change_text(&chance, &event);
        compare(readers, event.data, event.len);
        compare(readers, sample.data, sample.len);
        buf_fini(&event);
    }
    buf_fini(&sample);
    assert_true(readers->known > readers->compared / 2);
}

/* ---- around the limits ---- */

static void append_deep(struct buf *event, int depth, int name_len, const char *content)
{
    for (int i = 0; i < depth; i++) buf_append_format(event, "<n%0*d>", name_len - 1, 0);
    buf_append_text(event, content);
    for (int i = 0; i < depth; i++) buf_append_format(event, "</n%0*d>", name_len - 1, 0);
}

/* With text of its own an event has no shape; without it, another one of its shape has less text. */
static void compare_at_limit(struct readers *readers, int depth, int name_len, int children)
{
    static const struct {
        const char *begin, *end;
    } rows[] = {{"<E>text", " more</E>"}, {"<E><b>a longer text</b>", "</E>"}, {"<E><b></b>", "</E>"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf content = BUF_EMPTY;
        struct buf event = BUF_EMPTY;
        buf_append_text(&content, rows[i].begin);
        for (int child = 0; child < children; child++) buf_append_text(&content, "<a/>");
        buf_append(&content, rows[i].end, strlen(rows[i].end) + 1);
        append_deep(&event, depth, name_len, content.data);
        compare(readers, event.data, event.len);
        buf_fini(&content);
        buf_fini(&event);
    }
}

/* Events whose JSON is about as large as it may be: deep, of long names, with many children. */
static void events_near_the_limits_are_the_same(void **state)
{
    struct readers *readers = *state;
    for (int depth = 0; depth <= 201; depth += depth < 190 ? 19 : 1)
        for (int name_len = 2; name_len < 200; name_len *= 3)
            for (int children = 0; children < 700; children += 1 + (IS_SANITIZED ? children : children / 2))
                compare_at_limit(readers, depth, name_len, children);
    assert_true(readers->plain > readers->compared / 2);
    assert_true(readers->plain < readers->compared);
}

/* Of an event with more bytes of keys nothing stands ready. Here they are 17 names of the parent, and 65 bytes more. */
static void what_stands_ready_is_bounded(void **state)
{
    struct readers *readers = *state;
    const int longest = (SHAPE_JSON_KEYS_MAX - 65) / 17;
    for (int more = 0; more < 2; more++) {
        struct buf event = BUF_EMPTY;
        size_t known = readers->known;
        buf_append_format(&event, "<E><n%0*d>", longest - 1 + more, 0);
        for (int i = 10; i < 26; i++) buf_append_format(&event, "<c%d>%0100d</c%d>", i, 0, i);
        buf_append_format(&event, "</n%0*d></E>", longest - 1 + more, 0);
        for (int i = 0; i < 2; i++) compare(readers, event.data, event.len);
        assert_int_equal(readers->known - known, 1 - more);
        buf_fini(&event);
    }
}

/* With long texts an event may be flattened; with short ones its keys are too much, though its shape is known. */
static void an_event_of_less_text_may_be_too_much(void **state)
{
    struct readers *readers = *state;
    for (int text_len = 30; text_len > 0; text_len -= 29) {
        struct buf event = BUF_EMPTY;
        buf_append_format(&event, "<E><n%0129d>", 0);
        for (int i = 10; i < 110; i++) buf_append_format(&event, "<c%d>%0*d</c%d>", i, text_len, 0, i);
        buf_append_format(&event, "</n%0129d></E>", 0);
        compare(readers, event.data, event.len);
        buf_fini(&event);
    }
}

int main(void)
{
#define WITH_READERS(test) cmocka_unit_test_setup_teardown(test, readers_start, readers_end)
    const struct CMUnitTest tests[] = {
        WITH_READERS(samples_are_the_same),
        WITH_READERS(streams_of_the_simulator_are_the_same),
        WITH_READERS(every_short_event_is_the_same),
        WITH_READERS(changed_events_are_the_same),
        WITH_READERS(events_of_one_shape_are_the_same),
        WITH_READERS(what_stands_ready_is_bounded),
        WITH_READERS(an_event_of_less_text_may_be_too_much),
        WITH_READERS(events_near_the_limits_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
