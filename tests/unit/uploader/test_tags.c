/* test_tags -- S3_TAGS as the header has it, and what is wrong with it where it cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/tags.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TEN          "a=,b=,c=,d=,e=,f=,g=,h=,i=,j="
#define C64          "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void pairs_become_a_query(void **state)
{
    static const struct {
        const char *tags, *header;
    } rows[] = {
        {"team=security", "team=security"},
        {" team = security , source=acm\t", "team=security&source=acm"},
        {"a=", "a="},
        {"a=b=c", "a=b%3Dc"},
        {"cost center=R & D", ""},
        {"cost center=R+D", "cost%20center=R%2BD"},
        {"p:q/r@s=1.5_-", "p%3Aq%2Fr%40s=1.5_-"},
        {"ort=M\xC3\xBCnchen", "ort=M%C3%BCnchen"},
        {TEN, "a=&b=&c=&d=&e=&f=&g=&h=&i=&j="},
        {"k=" C64 C64 C64 C64, "k=" C64 C64 C64 C64},
        {C64 C64 "=v", C64 C64 "=v"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[TAGS_SIZE];
        struct why why = {0};
        enum result res = tags_encode(rows[i].tags, out, &why);
        if (!*rows[i].header) {
            assert_int_equal(res, RES_REFUSE);
            continue;
        }
        assert_int_equal(res, RES_OK);
        assert_string_equal(out, rows[i].header);
    }
}

static void tags_that_no_store_accepts_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *tags, *says;
    } rows[] = {
        {"team", "at 'team': expected"},
        {"a=1,", "at '': expected"},
        {"a=1,,b=2", "at '': expected"},
        {"a=1;b", "at 'a': a value has"},
        {"=1", "a key has 1 to 128"},
        {"a*=1", "a key has 1 to 128"},
        {"a=1*", "a value has at most 256"},
        {"a=\xFC", "a value has at most 256"}, /* no UTF-8 */
        {"a=1,b=2,a=3", "at 'a': this key stands there twice"},
        {"aws:x=1", "reserved"},
        {"AWS:x=1", "reserved"},
        {TEN ",k=", "at most 10"},
        {"k=" C64 C64 C64 C64 "c", "a value has at most 256"},
        {C64 C64 "c=v", "a key has 1 to 128"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[TAGS_SIZE];
        struct why why = {0};
        assert_int_equal(tags_encode(rows[i].tags, out, &why), RES_REFUSE);
        assert_memory_equal(why.text, "S3_TAGS, ", 9);
        if (!strstr(why.text, rows[i].says)) fail_msg("%s: %s", rows[i].tags, why.text);
        assert_non_null(strstr(why.text, "team=security,source=acm"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_become_a_query),
        cmocka_unit_test(tags_that_no_store_accepts_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
