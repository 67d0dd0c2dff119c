/* test_json_answer -- which JSON is taken, and which is refused before it is parsed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/http/json_answer.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static cJSON *parse(const char *text, size_t len)
{
    struct buf body = BUF_EMPTY;
    buf_append(&body, text, len);
    cJSON *object = json_answer_parse(&body);
    buf_fini(&body);
    return object;
}

static cJSON *parse_many(const char *before, const char *repeated, size_t count, const char *after)
{
    struct buf body = BUF_EMPTY;
    buf_append_text(&body, before);
    for (size_t i = 0; i < count; i++) buf_append_text(&body, repeated);
    buf_append_text(&body, after);
    cJSON *object = json_answer_parse(&body);
    buf_fini(&body);
    return object;
}

static void members_are_found_the_first_of_a_name_counts(void **state)
{
    static const char text[] =
        "\xEF\xBB\xBF{\"a\": \"first\", \"b\": 1e999, \"a\": \"last\", \"c\": {\"d\": []}}";
    cJSON *object = parse(text, strlen(text));
    (void)state;
    assert_non_null(object);
    assert_string_equal(json_answer_text(object, "a"), "first");
    assert_null(json_answer_text(object, "b"));
    assert_null(json_answer_text(object, "A"));
    json_answer_free(object);
    json_answer_free(NULL);
}

static void what_is_no_object_is_refused(void **state)
{
    static const char *const texts[] = {"",  "null",   "[]",   "\"a\"",       "7",
                                        "{", "{\"a\"", "<E/>", "{\"a\": tru}"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) assert_null(parse(texts[i], strlen(texts[i])));
    assert_null(parse("{}\0", 3));
    assert_null(parse("{\"a\": \"b\0c\"}", 12));
}

static void values_are_bounded_in_number_and_in_depth(void **state)
{
    (void)state;
    cJSON *object = parse_many("{\"a\": [1", ",1", 1000, "]}");
    assert_non_null(object);
    json_answer_free(object);
    assert_null(parse_many("{\"a\": [1", ",1", 1024, "]}"));
    assert_null(parse_many("{\"a\": ", "[", 60000, ""));
    object = parse_many("{\"a\": \"", "x", 60000, "\"}");
    assert_non_null(object);
    json_answer_free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_the_first_of_a_name_counts),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(values_are_bounded_in_number_and_in_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
