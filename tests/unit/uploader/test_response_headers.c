/* test_response_headers -- what is kept of a response's headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/http/response_headers.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void take(struct http_answer *answer, const char *line)
{
    response_headers_take(answer, line, strlen(line));
}

static void a_value_is_kept_without_blanks_and_quotes(void **state)
{
    static const struct {
        const char *line, *etag;
    } rows[] = {
        {"ETag: \"abc\"\r\n", "abc"},
        {"etag:abc\n", "abc"},
        {"ETAG:  \t abc \t\r\n", "abc"},
        {"ETag: a b\r\n", "a b"},
        {"ETag: W/\"abc\"\r\n", "W/\"abc"},
        {"ETag: \"\xe2\x82\xac\"\r\n", "\xe2\x82\xac"},
        {"ETag:\r\n", ""},
        {"ETag: \"\"\r\n", ""},
        {"ETag", "old"},
        {"ETag \r\n", "old"},
        {"ETags: abc\r\n", "old"},
        {"X-ETag: abc\r\n", "old"},
        {"ETag: a\rb\r\n", "old"},
        {"ETag: \x1b[2J\r\n", "old"},
        {"\r\n", "old"},
        {"", "old"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_answer answer = {.etag = "old"};
        take(&answer, rows[i].line);
        assert_string_equal(answer.etag, rows[i].etag);
    }
}

static void a_value_with_a_nul_or_too_long_counts_as_absent(void **state)
{
    static const char nul[] = "ETag: a\0b\r\n";
    struct http_answer answer = {.etag = ""};
    char line[HTTP_HEADER_SIZE + 10];
    (void)state;
    response_headers_take(&answer, nul, sizeof nul - 1);
    assert_string_equal(answer.etag, "");
    for (int len = HTTP_HEADER_SIZE - 2; len <= HTTP_HEADER_SIZE; len++) {
        answer.etag[0] = '\0';
        (void)snprintf(line, sizeof line, "ETag: %0*d\r\n", len, 0);
        take(&answer, line);
        assert_int_equal(strlen(answer.etag), len < HTTP_HEADER_SIZE ? len : 0);
    }
}

/* What a proxy answers to CONNECT, and an interim response, come before the response. */
static void a_status_line_begins_anew(void **state)
{
    struct http_answer answer = {.etag = ""};
    (void)state;
    take(&answer, "HTTP/1.1 103 Early Hints\r\n");
    take(&answer, "x-amz-bucket-region: elsewhere\r\n");
    take(&answer, "date: Mon, 01 Jan 2125 00:00:00 GMT\r\n");
    take(&answer, "\r\n");
    assert_string_equal(answer.region, "elsewhere");
    take(&answer, "HTTP/1.1 403 Forbidden\r\n");
    take(&answer, "Retry-After: 5\r\n");
    assert_string_equal(answer.region, "");
    assert_string_equal(answer.date, "");
    assert_string_equal(answer.retry_after, "5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_kept_without_blanks_and_quotes),
        cmocka_unit_test(a_value_with_a_nul_or_too_long_counts_as_absent),
        cmocka_unit_test(a_status_line_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
