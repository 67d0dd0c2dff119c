/*
 * test_framer_encoding -- what becomes of a stream in another encoding, by framer and validator together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/framer.h"
#include "collector/framing/validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEGABYTE     ((size_t)1 << 20)

/* The first frame of the stream is set aside for its encoding; returns whether `words` stand in what is said of it. */
static bool first_is_refused(struct slice stream, const char *words)
{
    struct frames *frames = frames_read("EVENT", MEGABYTE, stream, WHOLE);
    struct validator *validator = validator_new(NULL);
    struct verdict verdict = {0};
    struct frame first = frames->list[0];

    assert_true(frames->count > 0);
    if (first.is_event) {
        struct validator_input input = {first.data, first.len, first.encoding, ""};
        validator_check(validator, &input, &verdict);
        assert_false(verdict.is_valid);
        first.reason = verdict.reason;
        first.detail = verdict.detail;
    }
    assert_int_equal(first.reason, REJECT_ENCODING);
    bool has_words = strstr(first.detail, words) != NULL;
    validator_free(validator);
    frames_free(frames);
    return has_words;
}

static void an_ascii_declaration_of_utf16_is_rejected_by_name(void **state)
{
    static const char *const names[] = {"UTF-16", "utf-16", "UCS-2", "ISO-10646-UCS-2"};
    char text[200];
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        int len =
            snprintf(text, sizeof text, "<?xml version=\"1.0\" encoding=\"%s\"?><EVENT>x</EVENT>", names[i]);
        char words[64];
        (void)snprintf(words, sizeof words, "declared encoding \"%s\"", names[i]);
        assert_true(first_is_refused((struct slice){text, (size_t)len}, words));
    }
}

/* ASCII as UTF-16: `low` is the byte of a character that carries it. */
static struct slice wide(char *out, const char *text, size_t low)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        out[2 * i + low] = text[i];
        out[2 * i + 1 - low] = '\0';
    }
    return (struct slice){out, 2 * len};
}

static void utf16_is_rejected_with_and_without_a_byte_order_mark(void **state)
{
    static const char text[] = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<EVENT><cn>1</cn></EVENT>";
    static const char *const marks[] = {"\xFF\xFE", "\xFE\xFF"};
    char bytes[2 + 2 * sizeof text];
    (void)state;
    for (size_t low = 0; low < 2; low++) {
        struct slice stream = wide(bytes + 2, text, low);
        assert_true(first_is_refused(stream, "looks like UTF-16"));
        assert_true(first_is_refused(
            wide(bytes + 2, text + strlen("<?xml version=\"1.0\" encoding=\"UTF-16\"?>"), low),
            "looks like UTF-16"));
        stream = wide(bytes + 2, text, low);
        memcpy(bytes, marks[low], 2);
        assert_true(first_is_refused((struct slice){bytes, stream.len + 2}, "looks like UTF-16"));
    }
}

static void utf16_after_an_ascii_declaration_is_rejected(void **state)
{
    static const char stream[] = "<?xml version='1.0' encoding='UTF-16'?>\xFF\xFE<\0E\0V\0E\0N\0T\0/\0>";
    (void)state;
    assert_true(first_is_refused((struct slice){stream, sizeof stream}, "looks like UTF-16"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ascii_declaration_of_utf16_is_rejected_by_name),
        cmocka_unit_test(utf16_is_rejected_with_and_without_a_byte_order_mark),
        cmocka_unit_test(utf16_after_an_ascii_declaration_is_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
