/* test_beginning -- the first bytes of a connection, cut anywhere, and what only looks like HTTP or TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/beginning.h"

#include <string.h>

/* Feeds the bytes, `step` at once; returns after how many of them it was decided. */
static size_t read_in_steps(struct beginning *beginning, const char *bytes, size_t len, size_t step)
{
    size_t fed = 0;
    *beginning = (struct beginning){0};
    while (fed < len && beginning->kind == BEGINNING_UNDECIDED) {
        size_t more = len - fed < step ? len - fed : step;
        beginning_read(beginning, bytes + fed, more);
        fed += more;
    }
    return fed;
}

#define TEXT(text) text, sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t len;
    enum beginning_kind kind;
    size_t decided; /* bytes after which it is */
    bool has_proxy_header;
} rows[] = {
    /* HTTP */
    {TEXT("GET / HTTP/1.1\r\nHost: a\r\n"), BEGINNING_HTTP, 13, false},
    {TEXT("POST /a?b=c HTTP/1.0\r\n"), BEGINNING_HTTP, 19, false},
    {TEXT("M-SEARCH * HTTP/1.1\r\n"), BEGINNING_HTTP, 18, false},
    {TEXT("get /\xC3\xA9 HTTP/1.x"), BEGINNING_HTTP, 15, false},
    {TEXT("CONNECT a:1 HTTP/1.1\r\n"), BEGINNING_HTTP, 19, false},
    {TEXT("HTTP/1.1 200 OK\r\n"), BEGINNING_HTTP, 7, false},
    {TEXT("HTTP/1.0"), BEGINNING_HTTP, 7, false},
    {TEXT("HTTP / HTTP/1.1"), BEGINNING_HTTP, 14, false},
    {TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), BEGINNING_HTTP, 13, false},
    {TEXT("!#$%&'*+-.^_`|~09 x HTTP/1."), BEGINNING_HTTP, 27, false},
    {TEXT("PROXIES / HTTP/1."), BEGINNING_HTTP, 17, false},
    /* nearly HTTP */
    {TEXT("GET"), BEGINNING_UNDECIDED, 3, false},
    {TEXT("GET /"), BEGINNING_UNDECIDED, 5, false},
    {TEXT("GET / HTTP/1"), BEGINNING_UNDECIDED, 12, false},
    {TEXT("HTTP/1"), BEGINNING_UNDECIDED, 6, false},
    {TEXT("GET  HTTP/1.1"), BEGINNING_PLAIN, 5, false},
    {TEXT("GET /\r\n"), BEGINNING_PLAIN, 6, false},
    {TEXT("GET /\tHTTP/1.1"), BEGINNING_PLAIN, 6, false},
    {TEXT("GET /<EVENT> HTTP/1.1"), BEGINNING_PLAIN, 6, false},
    {TEXT("GET / HTTP/3.0"), BEGINNING_PLAIN, 12, false},
    {TEXT("GET / HTTP/9"), BEGINNING_PLAIN, 12, false},
    {TEXT("GET / http/1.1"), BEGINNING_PLAIN, 7, false},
    {TEXT("GET / HTTP/1 1"), BEGINNING_PLAIN, 13, false},
    {TEXT("GET / HTTP/11"), BEGINNING_PLAIN, 13, false},
    {TEXT("GET / / HTTP/1.1"), BEGINNING_PLAIN, 7, false},
    {TEXT("HTTP/2 200"), BEGINNING_PLAIN, 6, false},
    {TEXT("HTTP/1 200"), BEGINNING_PLAIN, 7, false},
    {TEXT(" GET / HTTP/1.1"), BEGINNING_PLAIN, 1, false},
    {TEXT("G\0T / HTTP/1.1"), BEGINNING_PLAIN, 2, false},
    {TEXT("G(T / HTTP/1.1"), BEGINNING_PLAIN, 2, false},
    {TEXT("\r\nGET / HTTP/1.1"), BEGINNING_PLAIN, 3, false},
    {TEXT("some text that no line ends"), BEGINNING_PLAIN, 11, false},
    /* TLS */
    {TEXT("\x16\x03\x01\x02"), BEGINNING_TLS, 2, false},
    {TEXT("\x16"), BEGINNING_UNDECIDED, 1, false},
    {TEXT("\x16\x02"), BEGINNING_PLAIN, 2, false},
    {TEXT("\x15\x03"), BEGINNING_PLAIN, 1, false},
    /* PROXY */
    {TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1"), BEGINNING_PLAIN, 6, true},
    {TEXT("PROXY UNKNOWN\r\n<EVENT/>"), BEGINNING_PLAIN, 6, true},
    {TEXT("PROXY\r\n"), BEGINNING_PLAIN, 6, false},
    {TEXT("PROXY"), BEGINNING_UNDECIDED, 5, false},
    {TEXT("proxy TCP4 HTTP/1.1"), BEGINNING_HTTP, 18, false},
    {TEXT("\r\n\r\n\0\r\nQUIT\n\x21\x11"), BEGINNING_PLAIN, 12, true},
    {TEXT("\r\n\r\n\0\r\nQUIT"), BEGINNING_UNDECIDED, 11, false},
    {TEXT("\r\n\r\n\0\r\nQUIET"), BEGINNING_PLAIN, 11, false},
    {TEXT("\r\n\r\n<EVENT/>"), BEGINNING_PLAIN, 5, false},
    {TEXT("\r"), BEGINNING_UNDECIDED, 1, false},
    /* XML */
    {TEXT("<EVENT/>"), BEGINNING_PLAIN, 1, false},
    {TEXT("<?xml version='1.0'?>"), BEGINNING_PLAIN, 1, false},
    {TEXT("\n<EVENT/>"), BEGINNING_PLAIN, 1, false},
    {TEXT("\xEF\xBB\xBF<EVENT/>"), BEGINNING_PLAIN, 1, false},
    {TEXT("\xFF\xFE<\0"), BEGINNING_PLAIN, 1, false},
    {TEXT("\0<\0E"), BEGINNING_PLAIN, 1, false},
    {TEXT("EVENT/>"), BEGINNING_PLAIN, 6, false},
    {TEXT(""), BEGINNING_UNDECIDED, 0, false},
};

static void each_beginning_is_recognized_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t step = 1; step <= rows[i].len + 1; step++) {
            struct beginning beginning;
            size_t fed = read_in_steps(&beginning, rows[i].bytes, rows[i].len, step);
            assert_int_equal(beginning.kind, rows[i].kind);
            assert_int_equal(beginning.has_proxy_header, rows[i].has_proxy_header);
            if (step == 1) assert_int_equal(fed, rows[i].decided);
        }
    }
}

/* `before`, so many letters, `after`. */
static size_t write_long(char *text, const char *before, size_t count, const char *after)
{
    size_t len = strlen(before);
    memcpy(text, before, len);
    memset(text + len, 'x', count);
    len += count;
    memcpy(text + len, after, strlen(after));
    return len + strlen(after);
}

static void a_method_or_a_target_that_is_too_long_is_none(void **state)
{
    static const struct {
        const char *before, *after;
        size_t max;
    } parts[] = {
        {"", " / HTTP/1.1", BEGINNING_METHOD_MAX},
        {"GET ", " HTTP/1.1", BEGINNING_TARGET_MAX},
    };
    static char text[BEGINNING_TARGET_MAX + 100];
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct beginning beginning;
        size_t len = write_long(text, parts[i].before, parts[i].max, parts[i].after);
        read_in_steps(&beginning, text, len, len);
        assert_int_equal(beginning.kind, BEGINNING_HTTP);
        len = write_long(text, parts[i].before, parts[i].max + 1, parts[i].after);
        size_t fed = read_in_steps(&beginning, text, len, 1);
        assert_int_equal(beginning.kind, BEGINNING_PLAIN);
        assert_int_equal(fed, strlen(parts[i].before) + parts[i].max + 1);
    }
}

/* Nothing can be undecided for longer than the longest request line. */
static void each_byte_of_every_value_may_begin_a_connection(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        struct beginning beginning;
        char text[2] = {(char)byte, (char)byte};
        bool is_method = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                         (byte >= 'a' && byte <= 'z') || (byte && strchr("!#$%&'*+-.^_`|~", byte));
        bool may_be_other = byte == '\x16' || byte == '\r';
        read_in_steps(&beginning, text, 1, 1);
        assert_int_equal(beginning.kind, is_method || may_be_other ? BEGINNING_UNDECIDED : BEGINNING_PLAIN);
        read_in_steps(&beginning, text, 2, 2);
        assert_int_equal(beginning.kind, is_method ? BEGINNING_UNDECIDED : BEGINNING_PLAIN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_beginning_is_recognized_however_it_is_cut),
        cmocka_unit_test(a_method_or_a_target_that_is_too_long_is_none),
        cmocka_unit_test(each_byte_of_every_value_may_begin_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
