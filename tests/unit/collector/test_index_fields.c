/* test_index_fields -- INDEX_FIELDS as people write it: what is accepted, and the messages about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/index_fields.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct index_fields parsed(const char *text)
{
    struct index_fields fields;
    struct why why = {0};
    enum result res = index_fields_parse(text, &fields, &why);
    if (res != RES_OK) fail_msg("%s: %s", text, why.text);
    return fields;
}

static void the_default_text_and_the_default_mapping_are_the_same(void **state)
{
    struct index_fields fields = parsed(INDEX_FIELDS_DEFAULT);
    (void)state;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++)
        assert_string_equal(fields.elements[i], index_fields_default.elements[i]);
    assert_in_range(strlen(INDEX_FIELDS_DEFAULT), 1, INDEX_FIELDS_TEXT_MAX);
}

static void pairs_are_taken_in_any_order_with_any_white_space(void **state)
{
    static const struct {
        const char *text;
        const char *elements[EVENT_FIELD_COUNT]; /* uid, name, time, sender, source_name; NULL: none */
    } rows[] = {
        {"uid=cn", {"cn"}},
        {"name=n,uid=u", {"u", "n"}},
        {" \tuid\r\n= cn , time = t ", {"cn", NULL, "t"}},
        {"sender=a.b-c_1,source_name=_x", {NULL, NULL, NULL, "a.b-c_1", "_x"}},
        {"uid=id,name=id,time=id,sender=id,source_name=id", {"id", "id", "id", "id", "id"}},
        {"uid=event2n:RecordId, name = *:name", {"event2n:RecordId", "*:name"}},
        {"uid=\u00e9v\u00e9nement", {"\u00e9v\u00e9nement"}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct index_fields fields = parsed(rows[i].text);
        for (int k = 0; k < EVENT_FIELD_COUNT; k++)
            assert_string_equal(fields.elements[k], rows[i].elements[k] ? rows[i].elements[k] : "");
    }
}

static void a_wrong_pair_is_refused_and_named_with_a_remedy(void **state)
{
    static const struct {
        const char *text;
        const char *part;
        const char *remedy;
    } rows[] = {
        {"cn", "'cn'", "expected column=element"},
        {"uid=cn name=n", "'uid=cn name=n'", "name of an XML element"},
        {"uid=cn,", "''", "expected column=element"},
        {"uid=cn,,name=n", "''", "expected column=element"},
        {"uid=cn, uuid=x", "'uuid=x'", "uid, name, time, sender and source_name"},
        {"UID=cn", "'UID=cn'", "no such column"},
        {"=cn", "'=cn'", "no such column"},
        {"uid=", "'uid='", "name of an XML element"},
        {"uid=<cn>", "'uid=<cn>'", "name of an XML element"},
        {"uid=1cn", "'uid=1cn'", "name of an XML element"},
        {"uid=a/b", "'uid=a/b'", "name of an XML element"},
        {"uid=a=b", "'uid=a=b'", "name of an XML element"},
        {"uid=\xC3", "", "not UTF-8"},
        {"uid=:cn", "'uid=:cn'", "with its prefix if it has one"},
        {"uid=p:", "'uid=p:'", "with its prefix if it has one"},
        {"uid=a:b:c", "'uid=a:b:c'", "with its prefix if it has one"},
        {"uid=p:1", "'uid=p:1'", "with its prefix if it has one"},
        {"uid=*", "'uid=*'", "uid=*:id"},
        {"uid=*:", "'uid=*:'", "uid=*:id"},
        {"uid=*:a:b", "'uid=*:a:b'", "uid=*:id"},
        {"uid=**:a", "'uid=**:a'", "uid=*:id"},
        {"uid=p:*", "'uid=p:*'", "uid=*:id"},
        {"uid={urn:x}id", "'uid={urn:x}id'", "uid=soap:id"},
        {"uid=a, uid=b", "'uid=b'", "already has an element"},
        {"uid=a, name=b, uid = a", "'uid = a'", "already has an element"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct index_fields fields;
        struct why why = {0};
        assert_int_equal(index_fields_parse(rows[i].text, &fields, &why), RES_REFUSE);
        if (strncmp(why.text, "INDEX_FIELDS: ", 14) != 0 || !strstr(why.text, rows[i].part) ||
            !strstr(why.text, rows[i].remedy))
            fail_msg("%s: %s", rows[i].text, why.text);
    }
}

static void a_name_may_be_256_bytes_long(void **state)
{
    char text[INDEX_FIELDS_NAME_MAX + 8];
    struct index_fields fields;
    struct why why = {0};
    (void)state;
    (void)snprintf(text, sizeof text, "uid=n%0*d", INDEX_FIELDS_NAME_MAX - 1, 0);
    assert_int_equal(index_fields_parse(text, &fields, &why), RES_OK);
    assert_string_equal(fields.elements[EVENT_UID], text + strlen("uid="));
    (void)snprintf(text, sizeof text, "uid=n%0*d", INDEX_FIELDS_NAME_MAX, 0);
    assert_int_equal(index_fields_parse(text, &fields, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "256 bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_text_and_the_default_mapping_are_the_same),
        cmocka_unit_test(pairs_are_taken_in_any_order_with_any_white_space),
        cmocka_unit_test(a_wrong_pair_is_refused_and_named_with_a_remedy),
        cmocka_unit_test(a_name_may_be_256_bytes_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
