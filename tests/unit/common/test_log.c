/* test_log -- one line per event, whatever is in it, as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LOG_SIZE     16384
#define TIME_LENGTH  24 /* 2031-05-04T10:11:12.345Z */

struct capture {
    int old, file;
};

static void capture_begin(struct capture *capture)
{
    capture->old = dup(STDERR_FILENO);
    capture->file = memfd_create("log", 0);
    assert_true(capture->old >= 0 && capture->file >= 0);
    (void)dup2(capture->file, STDERR_FILENO);
}

static void capture_end(const struct capture *capture, char log[LOG_SIZE])
{
    (void)dup2(capture->old, STDERR_FILENO);
    ssize_t len = pread(capture->file, log, LOG_SIZE - 1, 0);
    close(capture->old);
    close(capture->file);
    assert_true(len >= 0);
    log[len] = '\0';
}

/* Logs one line with one value after `value=`, ready as it is. */
static void log_value(enum log_format format, const char *value, char log[LOG_SIZE])
{
    struct capture capture;
    log_configure(LOG_INFO, format);
    capture_begin(&capture);
    log_info("it happened", "value=%s", value);
    capture_end(&capture, log);
}

static bool is_time(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00.000Z";
    for (size_t i = 0; i < TIME_LENGTH; i++)
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) return false;
    return true;
}

/* ---- a checker for the JSON that we write: one object of strings and whole numbers ---- */

static const char *skip_string(const char *p)
{
    if (!p || *p++ != '"') return NULL;
    for (; *p != '"'; p++) {
        if ((unsigned char)*p < 0x20) return NULL;
        if (*p == '\\' && !strchr("\"\\/bfnrt", *++p)) return NULL;
        if (!*p) return NULL;
    }
    return p + 1;
}

static const char *skip_number(const char *p)
{
    size_t digits = strspn(p, "0123456789");
    return digits == 0 || (*p == '0' && digits > 1) ? NULL : p + digits;
}

static bool is_json_line(const char *p)
{
    if (*p != '{') return false;
    do {
        p = skip_string(p + 1);
        if (!p || *p++ != ':') return false;
        p = *p == '"' ? skip_string(p) : skip_number(p);
    } while (p && *p == ',');
    return p && strcmp(p, "}\n") == 0;
}

/* ---- tests ---- */

static void a_text_line_has_time_program_level_message_and_fields(void **state)
{
    struct capture capture;
    char log[LOG_SIZE];
    (void)state;
    log_configure(LOG_DEBUG, LOG_TEXT);
    capture_begin(&capture);
    log_error("a", NULL);
    log_warn("b c", "batch=%d why=%s", 41, LOG_QUOTE("no \"space\" in C:\\x"));
    log_info("d", "n=%s", LOG_QUOTE(NULL));
    log_debug("e", "%s", "");
    capture_end(&capture, log);

    static const char *const expected[] = {
        " test error \"a\"",
        " test warn \"b c\" batch=41 why=\"no \\\"space\\\" in C:\\\\x\"",
        " test info \"d\" n=\"\"",
        " test debug \"e\"",
    };
    char *rest = log;
    for (size_t i = 0; i < COUNT(expected); i++) {
        const char *line = strsep(&rest, "\n");
        assert_true(line && is_time(line));
        assert_string_equal(line + TIME_LENGTH, expected[i]);
    }
    assert_string_equal(rest, "");
}

static void a_json_line_quotes_every_value_but_numbers(void **state)
{
    static const struct {
        const char *value;
        const char *json;
    } rows[] = {
        {"41", "41"},
        {"0", "0"},
        {"999999999999999", "999999999999999"},
        {"9999999999999999", "\"9999999999999999\""}, /* more than a double holds exactly */
        {"007", "\"007\""},
        {"-5", "\"-5\""},
        {"1.5", "\"1.5\""},
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"10.0.0.1", "\"10.0.0.1\""},
        {"\"two words\"", "\"two words\""},
        {"\"41\"", "\"41\""},
        {"\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\""},
        {"41 other=x", "41,\"other\":\"x\""},
        {"\"a b\"  other=7", "\"a b\",\"other\":7"},
        {" other=x", "\"\",\"other\":\"x\""},
        {"a=b", "\"a=b\""},
        {"a\"b", "\"a\\\"b\""},
        {"a\\b", "\"a\\\\b\""},
        {"\\", "\"\\\\\""},
        {"\"never closed", "\"never closed\""},
        {"\"never closed\\", "\"never closed\\\\\""},
        {"\xC3\xA9", "\"\xC3\xA9\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char log[LOG_SIZE];
        char expected[200];
        log_value(LOG_JSON, rows[i].value, log);
        (void)snprintf(
            expected, sizeof expected,
            "\",\"program\":\"test\",\"level\":\"info\",\"message\":\"it happened\",\"value\":%s}\n",
            rows[i].json);
        assert_memory_equal(log, "{\"time\":\"", 9);
        assert_true(is_time(log + 9));
        assert_string_equal(log + 9 + TIME_LENGTH, expected);
        assert_true(is_json_line(log));
    }
}

static void no_value_can_break_a_line_or_forge_another_one(void **state)
{
    static const char *const values[] = {"a\nb",     "\"a\nb\"", "a\r\nb=1", "\n",  "a\tb",
                                         "\x1b[31m", "\x01",     "{\"}",     "%n%s"};
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        for (int quoted = 0; quoted < 2; quoted++) {
            const char *value = quoted ? LOG_QUOTE(values[i]) : values[i];
            char log[LOG_SIZE];
            log_value(LOG_TEXT, value, log);
            assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1);
            for (const char *p = log; *p != '\n'; p++) assert_true((unsigned char)*p >= 0x20);
            log_value(LOG_JSON, value, log);
            assert_true(is_json_line(log));
        }
    }
}

/* Control characters of one byte and of two, the direction of writing, and what is no UTF-8. */
static void a_foreign_value_is_logged_in_printable_characters(void **state)
{
    static const char hostile[] = "a\nb \x1b[2K\xc2\x9b\x32J \xe2\x80\xaetxt \xff \xe2\x82\xac";
    static const char shown[] = "a b \\x1b[2K\\u009b2J \\u202etxt \\xff \xe2\x82\xac";
    static const char quoted[] = "\"a b \\\\x1b[2K\\\\u009b2J \\\\u202etxt \\\\xff \xe2\x82\xac\"";
    char log[LOG_SIZE];
    (void)state;
    log_value(LOG_TEXT, hostile, log);
    assert_non_null(strstr(log, shown));
    assert_string_equal(LOG_QUOTE(hostile), quoted);
    log_value(LOG_TEXT, LOG_QUOTE(hostile), log);
    assert_non_null(strstr(log, quoted));
    log_value(LOG_JSON, LOG_QUOTE(hostile), log);
    assert_non_null(strstr(log, quoted));
    assert_true(is_json_line(log));
    log_value(LOG_JSON, hostile, log);
    assert_true(is_json_line(log));
    log_value(LOG_JSON, "x a\"b=1", log); /* what is not quoted cannot name a member that is no JSON */
    assert_true(is_json_line(log));
}

static void a_line_too_long_is_cut_between_two_characters(void **state)
{
    static char euros[LOG_SIZE - 1];
    (void)state;
    for (size_t i = 0; i + 3 < sizeof euros; i += 3) memcpy(euros + i, "\xe2\x82\xac", 4);
    for (int shift = 0; shift < 3; shift++) {
        char log[LOG_SIZE];
        char value[LOG_SIZE + 2];
        (void)snprintf(value, sizeof value, "%.*s%s", shift, "ab", euros);
        for (int quoted = 0; quoted < 2; quoted++) {
            log_value(LOG_TEXT, quoted ? LOG_QUOTE(value) : value, log);
            assert_null(strchr(log, '\\'));
            assert_int_equal(utf8_valid_len(log, strlen(log)), strlen(log));
            log_value(LOG_JSON, quoted ? LOG_QUOTE(value) : value, log);
            assert_true(is_json_line(log));
            assert_int_equal(utf8_valid_len(log, strlen(log)), strlen(log));
        }
    }
}

static void a_line_too_long_is_cut_and_still_one_line(void **state)
{
    static char many[LOG_SIZE]; /* of fields that grow most when they become JSON */
    static char text[LOG_SIZE];
    const char *const values[] = {many, text, text + 1, LOG_QUOTE(text)};
    (void)state;
    for (size_t i = 0; i + 1 < sizeof many; i++) many[i] = "a= "[i % 3];
    for (size_t i = 0; i + 1 < sizeof text; i++) text[i] = i % 3 ? '\\' : '"';

    for (size_t i = 0; i < COUNT(values); i++) {
        char log[LOG_SIZE];
        log_value(LOG_TEXT, values[i], log);
        assert_true(strlen(log) <= 4096);
        assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1);
        log_value(LOG_JSON, values[i], log);
        assert_true(strlen(log) <= 4096);
        assert_true(is_json_line(log));
    }
}

static void two_long_explanations_do_not_break_the_json(void **state)
{
    struct capture capture;
    char log[LOG_SIZE];
    char why[1024];
    (void)state;
    memset(why, 'w', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    log_configure(LOG_INFO, LOG_JSON);
    capture_begin(&capture);
    log_error(why, "why=%s remedy=%s", LOG_QUOTE(why), LOG_QUOTE(why));
    capture_end(&capture, log);
    assert_true(is_json_line(log));
    assert_non_null(strstr(log, ",\"remedy\":\"www"));
}

static void quoting_keeps_within_its_size_and_never_splits_an_escape(void **state)
{
    char value[2 * LOG_QUOTED_SIZE];
    (void)state;
    for (size_t shift = 0; shift < 2; shift++) {
        memset(value, '"', sizeof value - 1);
        memset(value, 'a', shift);
        value[sizeof value - 1] = '\0';
        struct log_quoted out;
        const char *quoted = log_quote(&out, value);
        assert_true(strlen(quoted) < LOG_QUOTED_SIZE);
        assert_non_null(skip_string(quoted));
        assert_string_equal(skip_string(quoted), "");
    }
}

static void lines_above_the_configured_level_are_not_written(void **state)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};
    (void)state;
    for (size_t level = 0; level < COUNT(words); level++) {
        struct capture capture;
        char log[LOG_SIZE];
        size_t lines = 0;
        log_configure((enum log_level)level, LOG_TEXT);
        capture_begin(&capture);
        log_error("x", NULL);
        log_warn("x", NULL);
        log_info("x", NULL);
        log_debug("x", NULL);
        capture_end(&capture, log);
        char *rest = log;
        for (const char *line; (line = strsep(&rest, "\n")) && *line; lines++)
            assert_memory_equal(line + TIME_LENGTH + 6, words[lines], strlen(words[lines]));
        assert_int_equal(lines, level + 1);
    }
}

/* Stands where the journal does: JOURNAL_STREAM names the file. */
static void name_stream(const struct capture *capture, unsigned long long inode_offset)
{
    struct stat st;
    char stream[64];
    assert_int_equal(fstat(capture->file, &st), 0);
    (void)snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
                   (unsigned long long)st.st_ino + inode_offset);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    log_open("test");
}

static void a_line_for_the_journal_begins_with_its_priority(void **state)
{
    struct capture capture;
    char log[LOG_SIZE];
    (void)state;
    log_configure(LOG_DEBUG, LOG_TEXT);
    capture_begin(&capture);
    name_stream(&capture, 0);
    log_error("a", NULL);
    log_warn("b", NULL);
    log_info("c", "n=%d", 1);
    log_debug("d", NULL);
    log_configure(LOG_DEBUG, LOG_JSON);
    log_warn("e", NULL);
    capture_end(&capture, log);
    static const char text[] =
        "<3>test error \"a\"\n<4>test warn \"b\"\n<6>test info \"c\" n=1\n<7>test debug "
        "\"d\"\n<4>{\"time\":\"";
    assert_memory_equal(log, text, sizeof text - 1);
    assert_true(is_json_line(strrchr(log, '<') + 3));
}

static void where_stderr_is_not_the_journals_stream_a_line_is_as_ever(void **state)
{
    struct capture capture;
    char log[LOG_SIZE];
    (void)state;
    log_configure(LOG_INFO, LOG_TEXT);
    capture_begin(&capture);
    name_stream(&capture, 1); /* another file: a person has redirected stderr */
    log_info("a", NULL);
    assert_int_equal(setenv("JOURNAL_STREAM", "rubbish", 1), 0);
    log_open("test");
    log_info("b", NULL);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    log_open("test");
    log_info("c", NULL);
    capture_end(&capture, log);
    char *rest = log;
    for (int i = 0; i < 3; i++) assert_true(is_time(strsep(&rest, "\n")));
}

static void a_line_of_the_log_erases_the_one_that_stands_on_the_terminal(void **state)
{
    static const char erased[] = "\r\x1b[K";
    char log[LOG_SIZE];
    (void)state;
    log_over_line(true);
    log_value(LOG_TEXT, "1", log);
    assert_memory_equal(log, erased, sizeof erased - 1);
    assert_true(is_time(log + sizeof erased - 1));
    log_over_line(false);
    log_value(LOG_TEXT, "1", log);
    assert_true(is_time(log));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_line_has_time_program_level_message_and_fields),
        cmocka_unit_test(a_json_line_quotes_every_value_but_numbers),
        cmocka_unit_test(no_value_can_break_a_line_or_forge_another_one),
        cmocka_unit_test(a_foreign_value_is_logged_in_printable_characters),
        cmocka_unit_test(a_line_too_long_is_cut_between_two_characters),
        cmocka_unit_test(a_line_too_long_is_cut_and_still_one_line),
        cmocka_unit_test(two_long_explanations_do_not_break_the_json),
        cmocka_unit_test(quoting_keeps_within_its_size_and_never_splits_an_escape),
        cmocka_unit_test(lines_above_the_configured_level_are_not_written),
        cmocka_unit_test(a_line_for_the_journal_begins_with_its_priority),
        cmocka_unit_test(where_stderr_is_not_the_journals_stream_a_line_is_as_ever),
        cmocka_unit_test(a_line_of_the_log_erases_the_one_that_stands_on_the_terminal),
    };
    log_open("test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
