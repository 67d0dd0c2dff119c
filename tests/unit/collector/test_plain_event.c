/* test_plain_event -- what settles an event without libxml2: its end, its columns, marks in it, and its encoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/plain_event.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct index_fields parsed(const char *setting)
{
    struct index_fields fields;
    struct why why = {0};
    assert_int_equal(index_fields_parse(setting, &fields, &why), RES_OK);
    return fields;
}

static size_t read_text(struct plain_event *plain, const struct xml_names *marks, const char *encoding,
                        const char *text)
{
    return plain_event_read(plain, marks, encoding, text, strlen(text));
}

/* NULL: the column is absent. */
static void assert_column(const struct plain_event *plain, enum event_field field, const char *expected)
{
    struct slice column = plain_event_fields(plain)[field];
    if (!expected) {
        assert_null(column.data);
        return;
    }
    assert_non_null(column.data);
    assert_int_equal(column.len, strlen(expected));
    assert_memory_equal(column.data, expected, column.len);
}

/* ---- columns ---- */

static void own_children_fill_the_columns(void **state)
{
    static const struct {
        const char *event, *uid, *name;
    } rows[] = {
        {"<EVENT/>", NULL, NULL},
        {"<EVENT>cn</EVENT>", NULL, NULL},
        {"<EVENT><cn/><n></n></EVENT>", "", ""},
        {"<EVENT><cn>1</cn>between<n>2</n>behind</EVENT>", "1", "2"},
        {"<EVENT><n> \t\r\n a b \r\n</n></EVENT>", NULL, "a b"},
        {"<EVENT><cn>&lt;&#65;&#x20;</cn><n>&#13;a\r\nb\rc&#13;d</n></EVENT>", "<A", "a\nb\nc\rd"},
        {"<EVENT><cn>first</cn><cn>second</cn><n/><n>third</n></EVENT>", "first", ""},
        {"<EVENT><x><cn>grandchild</cn></x></EVENT>", NULL, NULL},
        {"<EVENT><cn>a<n>b<x>c</x>d</n>e<y/>f</cn><n>g</n></EVENT>", "aef", "g"},
        {"<EVENT><cn> <x/> a <x/> </cn></EVENT>", "a", NULL},
        {"<EVENT><CN>1</CN><cnn>2</cnn><c>3</c></EVENT>", NULL, NULL},
    };
    struct index_fields fields = parsed("uid=cn, name=n");
    struct plain_event *plain = plain_event_new(&fields);
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(read_text(plain, NULL, "", rows[i].event), strlen(rows[i].event));
        assert_column(plain, EVENT_UID, rows[i].uid);
        assert_column(plain, EVENT_NAME, rows[i].name);
        assert_column(plain, EVENT_TIME, NULL);
    }
    plain_event_free(plain);
}

static void a_name_may_fill_several_columns_and_a_prefix_none(void **state)
{
    struct index_fields fields = parsed("uid=cn, name=*:cn, time=p:cn, sender=*:s, source_name=cn");
    struct plain_event *plain = plain_event_new(&fields);
    const char event[] = "<EVENT><cn>1</cn><s>2</s></EVENT>";
    (void)state;
    assert_int_equal(read_text(plain, NULL, "", event), strlen(event));
    assert_column(plain, EVENT_UID, "1");
    assert_column(plain, EVENT_NAME, "1");
    assert_column(plain, EVENT_TIME, NULL);
    assert_column(plain, EVENT_SENDER, "2");
    assert_column(plain, EVENT_SOURCE_NAME, "1");
    plain_event_free(plain);
}

static void a_long_text_is_cut_between_characters(void **state)
{
    static const struct {
        size_t letters;
        const char *then;
        size_t len; /* of the column */
    } rows[] = {
        {255, "", 255},
        {256, "", 256},
        {257, "", 256},
        {254, "\xC3\xA9", 256},
        {255, "\xC3\xA9", 255},
        {255, "&#xE9;x", 255},
        {253, "\xE2\x82\xAC", 256},
        {254, "\xE2\x82\xAC", 254},
        {253, "&#x1F6AA;x", 253},
        {252, "&#x1F6AA;", 256},
        {255, " x", 255},
    };
    struct index_fields fields = parsed("uid=cn");
    struct plain_event *plain = plain_event_new(&fields);
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char letters[300];
        char event[512];
        memset(letters, 'x', sizeof letters);
        (void)snprintf(event, sizeof event, "<EVENT><cn> %.*s%s</cn></EVENT>", (int)rows[i].letters, letters,
                       rows[i].then);
        assert_int_equal(read_text(plain, NULL, "", event), strlen(event));
        assert_int_equal(plain_event_fields(plain)[EVENT_UID].len, rows[i].len);
    }
    plain_event_free(plain);
}

/* Events of a known shape (common/xml/shapes.h) among others: which texts fill columns is the shape's, texts are the event's. */
static void columns_are_those_of_an_event_whatever_its_shape(void **state)
{
    static const struct {
        const char *event, *uid, *name;
    } rows[] = {
        {"<EVENT><cn>1</cn><n>2</n></EVENT>", "1", "2"},
        {"<EVENT><cn>3</cn><n>4</n></EVENT>", "3", "4"},
        {"<EVENT><cn>5</cn></EVENT>", "5", NULL},
        {"<EVENT><cn/><n>6</n></EVENT>", "", "6"},
        {"<EVENT><cn> 7\r\n&amp; </cn><n></n></EVENT>", "7\n&", ""},
        {"<EVENT><cn>8<x/></cn><n>9</n></EVENT>", "8", "9"},
        {"<EVENT><cn> <x>10</x></cn><n>11</n></EVENT>", "", "11"},
        {"<EVENT><n>12</n><cn>13</cn></EVENT>", "13", "12"},
        {"<EVENT><x>14</x><n>15</n><n>16</n></EVENT>", NULL, "15"},
    };
    struct index_fields fields = parsed("uid=cn, name=n");
    struct plain_event *plain = plain_event_new(&fields);
    (void)state;
    for (size_t i = 0; i < COUNT(rows) * COUNT(rows) * 2; i++) {
        size_t row = i / 2 % COUNT(rows); /* each twice, and behind each other one */
        if (i % 4 > 1) row = i / 2 / COUNT(rows);
        assert_int_equal(read_text(plain, NULL, "", rows[row].event), strlen(rows[row].event));
        assert_column(plain, EVENT_UID, rows[row].uid);
        assert_column(plain, EVENT_NAME, rows[row].name);
    }
    plain_event_free(plain);
}

/* ---- what it does not settle ---- */

static void another_event_in_it_is_left_to_the_framer(void **state)
{
    static const struct {
        const char *event;
        bool is_settled;
    } rows[] = {
        {"<EVENT><cn/></EVENT>", true},
        {"<EVENT><EVENTS/><x>EVENT</x></EVENT>", true},
        {"<EVENT><EVENT/></EVENT>", false},
        {"<EVENT><x><EVENT>1</EVENT></x></EVENT>", false},
        {"<EVENT><Alarm>1</Alarm></EVENT>", false},
        {"<Alarm><cn/></Alarm>", true},
        {"<Alarm><EVENT></EVENT></Alarm>", false},
        {"<EVENT><cn/></EVENT><EVENT/>", true}, /* behind it */
    };
    struct xml_names marks;
    struct why why = {0};
    struct plain_event *plain = plain_event_new(&index_fields_default);
    (void)state;
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", "EVENT, *:Alarm", &marks, &why), RES_OK);
    for (size_t i = 0; i < COUNT(rows) * 2;
         i++) { /* the second time shapes are known, if not for these marks */
        const char *event = rows[i % COUNT(rows)].event;
        assert_int_equal(read_text(plain, &marks, "", event) > 0, rows[i % COUNT(rows)].is_settled);
        assert_true(read_text(plain, NULL, "", event) > 0);
    }
    plain_event_free(plain);
}

static void only_utf8_and_ascii_are_settled(void **state)
{
    static const struct {
        const char *encoding;
        bool is_settled, is_settled_above_ascii;
    } rows[] = {
        {"", true, true},
        {"UTF-8", true, true},
        {"utf-8", true, true},
        {"US-ASCII", true, false},
        {"us-ascii", true, false},
        {"ISO-8859-1", false, false},
        {"windows-1252", false, false},
        {"UTF-16LE", false, false},
        {"UTF-7", false, false},
        {"no name", false, false},
    };
    struct plain_event *plain = plain_event_new(&index_fields_default);
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(read_text(plain, NULL, rows[i].encoding, "<EVENT>&#233;</EVENT>") > 0,
                         rows[i].is_settled);
        assert_int_equal(read_text(plain, NULL, rows[i].encoding, "<EVENT>\xC3\xA9</EVENT>") > 0,
                         rows[i].is_settled_above_ascii);
        assert_int_equal(read_text(plain, NULL, rows[i].encoding, "<EVENT>\xE9</EVENT>"), 0);
    }
    plain_event_free(plain);
}

static void an_event_that_is_not_complete_is_not_settled(void **state)
{
    static const char event[] = "<EVENT><cn>1</cn>\n<n>&amp;</n></EVENT>";
    struct plain_event *plain = plain_event_new(&index_fields_default);
    (void)state;
    for (size_t len = 0; len < sizeof event - 1; len++)
        assert_int_equal(plain_event_read(plain, NULL, "", event, len), 0);
    assert_int_equal(plain_event_read(plain, NULL, "", event, sizeof event - 1), sizeof event - 1);
    assert_column(plain, EVENT_UID, "1");
    plain_event_free(plain);
}

static void columns_of_one_event_are_gone_with_the_next(void **state)
{
    struct plain_event *plain = plain_event_new(&index_fields_default);
    (void)state;
    assert_true(read_text(plain, NULL, "", "<EVENT><cn>1</cn></EVENT>") > 0);
    assert_column(plain, EVENT_UID, "1");
    assert_int_equal(read_text(plain, NULL, "", "<EVENT><cn>2</cn>"), 0);
    assert_true(read_text(plain, NULL, "", "<EVENT><x/></EVENT>") > 0);
    assert_column(plain, EVENT_UID, NULL);
    plain_event_free(plain);
    plain_event_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_children_fill_the_columns),
        cmocka_unit_test(a_name_may_fill_several_columns_and_a_prefix_none),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(columns_are_those_of_an_event_whatever_its_shape),
        cmocka_unit_test(another_event_in_it_is_left_to_the_framer),
        cmocka_unit_test(only_utf8_and_ascii_are_settled),
        cmocka_unit_test(an_event_that_is_not_complete_is_not_settled),
        cmocka_unit_test(columns_of_one_event_are_gone_with_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
