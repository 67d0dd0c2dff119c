/* test_config -- settings from a table: what is understood, what is refused and how, what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FIELD(name)  offsetof(struct settings, name)
#define HOUR_MS      3600000LL
#define DAY_MS       86400000LL
#define TEXT_SIZE    (2 * CONFIG_SECRET_MAX)
#define C101         /* of them */                                                                           \
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

struct settings {
    int64_t count, huge, bytes, wait_ms, format;
    char *name, *color, *token;
};

static const struct setting rows[] = {
    SETTING_GROUP_ROW("Numbers and words"),
    {"COUNT", SETTING_UINT, FIELD(count), "8", 1, 65535, NULL, "how many there are"},
    {"HUGE", SETTING_SIZE, FIELD(huge), NULL, 0, INT64_MAX, NULL, "no ceiling at all"},
    {"BYTES", SETTING_SIZE, FIELD(bytes), "1M", 1024, 1 << 30, NULL, "how large it may be"},
    {"WAIT", SETTING_DURATION, FIELD(wait_ms), "3600", 500, 7 * DAY_MS, NULL, "how long it may take"},
    {"FORMAT", SETTING_CHOICE, FIELD(format), "json", 0, 0, "xml|json|ndjson", "what is written"},
    SETTING_GROUP_ROW("Texts"),
    {"NAME", SETTING_TEXT, FIELD(name), NULL, 3, 8, NULL, "what it is called"},
    {"COLOR", SETTING_TEXT, FIELD(color), "green", 1, 20, NULL, "what it looks like"},
    {"TEST_TOKEN", SETTING_SECRET, FIELD(token), NULL, 1, CONFIG_SECRET_MAX, NULL, "what nobody may read"},
    SETTING_END,
};

/* One variable in an otherwise empty environment. */
static enum result load(const char *variable, struct settings *settings, struct why *why)
{
    char text[TEXT_SIZE];
    char *env[] = {text, NULL};
    (void)snprintf(text, sizeof text, "%s", variable);
    *settings = (struct settings){0};
    *why = (struct why){0};
    return config_load(rows, env, settings, why);
}

static void an_unset_variable_gets_its_default(void **state)
{
    static const char *const nothing[] = {"",          "OTHER=5", "COUNT=",  "COUNT= \t\r\n",
                                          "COUNTER=5", "COUNT",   "XCOUNT=5"};
    (void)state;
    for (size_t i = 0; i < COUNT(nothing); i++) {
        struct settings s;
        struct why why;
        assert_int_equal(load(nothing[i], &s, &why), RES_OK);
        assert_int_equal(s.count, 8);
        assert_int_equal(s.huge, 0);
        assert_int_equal(s.bytes, 1 << 20);
        assert_int_equal(s.wait_ms, HOUR_MS);
        assert_int_equal(s.format, 1);
        assert_string_equal(s.color, "green");
        assert_null(s.name);
        assert_null(s.token);
        config_free(rows, &s);
    }
}

static void numbers_and_words_are_understood(void **state)
{
    static const struct {
        const char *variable;
        size_t field;
        int64_t value;
    } cases[] = {
        {"COUNT=1", FIELD(count), 1},
        {"COUNT=65535", FIELD(count), 65535},
        {"COUNT= \t007 \r\n", FIELD(count), 7},
        {"BYTES=1024", FIELD(bytes), 1024},
        {"BYTES=64K", FIELD(bytes), 64 << 10},
        {"BYTES=64k", FIELD(bytes), 64 << 10},
        {"BYTES=10M", FIELD(bytes), 10 << 20},
        {"BYTES=10m\r", FIELD(bytes), 10 << 20},
        {"BYTES=1G", FIELD(bytes), 1 << 30},
        {"HUGE=0", FIELD(huge), 0},
        {"HUGE=9223372036854775807", FIELD(huge), INT64_MAX},
        {"HUGE=8589934591G", FIELD(huge), 8589934591LL << 30},
        {"WAIT=1", FIELD(wait_ms), 1000},
        {"WAIT=500ms", FIELD(wait_ms), 500},
        {"WAIT=90s", FIELD(wait_ms), 90000},
        {"WAIT=5m", FIELD(wait_ms), 5 * 60000},
        {"WAIT=5M", FIELD(wait_ms), 5 * 60000},
        {"WAIT=24h", FIELD(wait_ms), DAY_MS},
        {"WAIT=7d", FIELD(wait_ms), 7 * DAY_MS},
        {"FORMAT=xml", FIELD(format), 0},
        {"FORMAT=Json", FIELD(format), 1},
        {"FORMAT= NDJSON\r", FIELD(format), 2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct settings s;
        struct why why;
        int64_t value = 0;
        assert_int_equal(load(cases[i].variable, &s, &why), RES_OK);
        memcpy(&value, (char *)&s + cases[i].field, sizeof value);
        assert_int_equal(value, cases[i].value);
        config_free(rows, &s);
    }
}

static void true_and_false_may_be_written_as_people_do_but_not_in_settings_of_aws(void **state)
{
    static const struct setting flags[] = {
        {"FOLDERS", SETTING_CHOICE, FIELD(count), "auto", 0, 0, "auto|true|false|hive", "one of ours"},
        {"AWS_DUALSTACK", SETTING_CHOICE, FIELD(huge), "auto", 0, 0, "auto|true|false", "one of theirs"},
        {"PACKED", SETTING_CHOICE, FIELD(bytes), "none", 0, 0, "none|gzip", "no such choice"},
        SETTING_END,
    };
    static const struct {
        const char *variable;
        int64_t value; /* of FOLDERS; -1: refused, with the text as it was written */
    } cases[] = {
        {"FOLDERS=1", 1},    {"FOLDERS=yes", 1},        {"FOLDERS=On", 1},       {"FOLDERS=TRUE", 1},
        {"FOLDERS=0", 2},    {"FOLDERS=NO", 2},         {"FOLDERS=off", 2},      {"FOLDERS=False", 2},
        {"FOLDERS=hive", 3}, {"FOLDERS=2", -1},         {"FOLDERS=y", -1},       {"FOLDERS=none", -1},
        {"PACKED=no", -1},   {"AWS_DUALSTACK=yes", -1}, {"AWS_DUALSTACK=1", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[64];
        char *env[] = {text, NULL};
        struct settings s = {0};
        struct why why = {0};
        (void)snprintf(text, sizeof text, "%s", cases[i].variable);
        enum result res = config_load(flags, env, &s, &why);
        assert_int_equal(res, cases[i].value < 0 ? RES_REFUSE : RES_OK);
        if (res == RES_OK)
            assert_int_equal(s.count, cases[i].value);
        else
            assert_memory_equal(why.text, cases[i].variable, strlen(cases[i].variable));
        config_free(flags, &s);
    }
}

static void a_wrong_value_is_refused_with_the_expected_form(void **state)
{
    static const struct {
        const char *variable;
        const char *says;
    } cases[] = {
        {"COUNT=0", "COUNT=0 is out of range: expected a whole number, from 1 to 65535"},
        {"COUNT=65536", "COUNT=65536 is out of range"},
        {"COUNT=-1", "COUNT=-1 is not understood"},
        {"COUNT=+1", "COUNT=+1 is not understood"},
        {"COUNT=1.5", "COUNT=1.5 is not understood"},
        {"COUNT=1e3", "COUNT=1e3 is not understood"},
        {"COUNT=0x10", "COUNT=0x10 is not understood"},
        {"COUNT=1K", "COUNT=1K is not understood"},
        {"COUNT=1 2", "COUNT=1 2 is not understood"},
        {"COUNT=many", "COUNT=many is not understood"},
        {"COUNT=99999999999999999999", "is out of range"},
        {"COUNT=80 # the port", "a comment was left in the value; put it on a line of its own"},
        {"COUNT=\"80\"", "quotes were left in the value; write it without them"},
        {"COUNT='80'", "quotes were left in the value"},
        {"BYTES=1023",
         "BYTES=1023 is out of range: expected bytes, or a number with K, M or G, from 1024 to 1G"},
        {"BYTES=2G", "BYTES=2G is out of range"},
        {"BYTES=1073741825", "is out of range"},
        {"BYTES=1T", "BYTES=1T is not understood"},
        {"BYTES=1MB", "BYTES=1MB is not understood"},
        {"BYTES=M", "BYTES=M is not understood"},
        {"BYTES=10 M", "BYTES=10 M is not understood"},
        {"HUGE=9223372036854775808", "is out of range"},
        {"HUGE=8589934592G", "is out of range"},
        {"WAIT=499ms",
         "WAIT=499ms is out of range: expected seconds, or a number with ms, s, m, h or d, from 500ms to "
         "604800"},
        {"WAIT=8d", "WAIT=8d is out of range"},
        {"WAIT=106751991168d", "is out of range"},
        {"WAIT=1w", "WAIT=1w is not understood"},
        {"WAIT=1h30m", "WAIT=1h30m is not understood"},
        {"FORMAT=yaml", "FORMAT=yaml is not understood: expected one of xml|json|ndjson"},
        {"FORMAT=x", "FORMAT=x is not understood"},
        {"FORMAT=xml|json", "FORMAT=xml|json is not understood"},
        {"FORMAT='xml'", "FORMAT='xml': quotes were left in the value"},
        {"FORMAT=xml # as ever", "a comment was left in the value"},
        {"NAME=ab", "NAME=ab is too short: expected 3 to 8 bytes, not 2"},
        {"NAME=abcdefghi", "NAME=abcdefghi is too long: expected 3 to 8 bytes, not 9"},
        {"NAME=" C101, "NAME is too long: expected 3 to 8 bytes, not 101"},
        {"NAME=\"abc\"", "NAME=\"abc\": quotes were left in the value; write it without them"},
        {"NAME=''", "quotes were left in the value"},
        {"TEST_TOKEN='abc'", "TEST_TOKEN: quotes were left in the value"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct settings s;
        struct why why;
        assert_int_equal(load(cases[i].variable, &s, &why), RES_REFUSE);
        if (!strstr(why.text, cases[i].says)) fail_msg("%s: %s", cases[i].variable, why.text);
        config_free(rows, &s);
    }
}

static void a_text_loses_outer_white_space_and_keeps_the_inner(void **state)
{
    struct settings s;
    struct why why;
    (void)state;
    assert_int_equal(load("NAME=\t a # 'b\r\n", &s, &why), RES_OK);
    assert_string_equal(s.name, "a # 'b");
    config_free(rows, &s);
    assert_null(s.name);
    config_free(rows, &s);
}

/* Writes a file of `len` times 's' and a line's end; NULL: no file. Then loads with `token` and the file's name. */
static enum result load_secret(const char *token, size_t len, bool has_file, struct settings *s,
                               struct why *why)
{
    char path[] = "/tmp/test_config.XXXXXX";
    char by_file[64];
    char by_value[64];
    char *env[] = {by_file, by_value, NULL};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < len; i++) assert_int_equal(write(fd, "s", 1), 1);
    assert_int_equal(write(fd, "\r\n", 2), 2);
    close(fd);
    if (!has_file) (void)unlink(path);
    (void)snprintf(by_file, sizeof by_file, "TEST_TOKEN_FILE= %s\r", path);
    (void)snprintf(by_value, sizeof by_value, "TEST_TOKEN=%s", token);
    *s = (struct settings){0};
    *why = (struct why){0};
    enum result res = config_load(rows, env, s, why);
    (void)unlink(path);
    return res;
}

static void a_secret_comes_from_its_variable_or_its_file(void **state)
{
    struct settings s;
    struct why why;
    (void)state;
    assert_int_equal(load("TEST_TOKEN= hush\r", &s, &why), RES_OK);
    assert_string_equal(s.token, "hush");
    config_free(rows, &s);

    assert_int_equal(load_secret("", 5, true, &s, &why), RES_OK);
    assert_string_equal(s.token, "sssss");
    config_free(rows, &s);

    assert_int_equal(load_secret("hush", 5, true, &s, &why), RES_OK);
    assert_string_equal(s.token, "hush"); /* the variable wins */
    config_free(rows, &s);

    assert_int_equal(load_secret("", 0, true, &s, &why), RES_OK);
    assert_null(s.token); /* an empty file sets nothing */
    config_free(rows, &s);
}

static void a_missing_or_too_long_secret_file_is_refused(void **state)
{
    struct settings s;
    struct why why;
    (void)state;
    assert_int_equal(load_secret("", 5, false, &s, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "TEST_TOKEN_FILE: cannot read /tmp/test_config."));
    config_free(rows, &s);

    assert_int_equal(load_secret("", CONFIG_SECRET_MAX - 2, true, &s, &why), RES_OK);
    assert_int_equal(strlen(s.token), CONFIG_SECRET_MAX - 2);
    config_free(rows, &s);

    assert_int_equal(load_secret("", CONFIG_SECRET_MAX, true, &s, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "TEST_TOKEN_FILE: "));
    assert_non_null(strstr(why.text, "is longer than 65600 bytes: it has 65602"));
    config_free(rows, &s);
}

static void no_message_repeats_a_secret(void **state)
{
    char variable[TEXT_SIZE] = "TEST_TOKEN=hush";
    struct settings s;
    struct why why;
    (void)state;
    memset(variable + strlen(variable), 'h', CONFIG_SECRET_MAX);
    assert_int_equal(load(variable, &s, &why), RES_REFUSE);
    assert_null(strstr(why.text, "hush"));
    assert_non_null(strstr(why.text, "TEST_TOKEN is too long: expected 1 to 65600 bytes, not 65604"));
    config_free(rows, &s);
}

static void print(const struct settings *settings, char out[TEXT_SIZE])
{
    memset(out, 0, TEXT_SIZE);
    FILE *file = fmemopen(out, TEXT_SIZE, "w");
    assert_non_null(file);
    config_print(rows, settings, file);
    assert_int_equal(fclose(file), 0);
}

static void a_printed_setting_is_one_line_of_printable_characters(void **state)
{
    char variable[] = "NAME=a\nb\x1b\xc2\x9b\xff";
    struct settings s = {0};
    struct why why;
    char text[TEXT_SIZE];
    (void)state;
    assert_int_equal(load(variable, &s, &why), RES_OK);
    print(&s, text);
    assert_non_null(strstr(text, "\nNAME=a\\x0ab\\x1b\\u009b\\xff\n"));
    config_free(rows, &s);
}

static void printed_settings_can_be_loaded_again_and_hide_secrets(void **state)
{
    char text[TEXT_SIZE];
    char again[TEXT_SIZE];
    char *given[] = {
        (char[]){"COUNT=80"},   (char[]){"BYTES=3072K"}, (char[]){"WAIT=1500ms"},     (char[]){"FORMAT=XML"},
        (char[]){"NAME=a = b"}, (char[]){"HUGE=2048M"},  (char[]){"TEST_TOKEN=hush"}, NULL};
    char *env[COUNT(rows)] = {NULL};
    struct settings s = {0};
    struct settings back = {0};
    struct why why = {0};
    size_t lines = 0;
    (void)state;

    assert_int_equal(config_load(rows, given, &s, &why), RES_OK);
    print(&s, text);
    assert_string_equal(text,
                        "COUNT=80\nHUGE=2G\nBYTES=3M\nWAIT=1500ms\nFORMAT=xml\nNAME=a = b\nCOLOR=green\n"
                        "TEST_TOKEN=********\n");

    char *rest = text;
    for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(rest, "\n", &rest))
        env[lines++] = line;
    assert_int_equal(lines, COUNT(rows) - 3); /* without the two headings and the end */
    assert_int_equal(config_load(rows, env, &back, &why), RES_OK);
    print(&back, again);
    assert_int_equal(back.huge, s.huge);
    assert_int_equal(back.wait_ms, s.wait_ms);
    print(&s, text);
    assert_string_equal(again, text);
    config_free(rows, &s);
    config_free(rows, &back);
}

static void the_help_has_a_line_for_each_setting_and_each_group(void **state)
{
    char text[TEXT_SIZE] = "";
    FILE *file = fmemopen(text, sizeof text, "w");
    (void)state;
    assert_non_null(file);
    config_help(rows, file);
    assert_int_equal(fclose(file), 0);
    for (const struct setting *row = rows; row->name; row++) {
        const char *line = strstr(text, row->name);
        assert_non_null(line);
        if (row->kind == SETTING_GROUP) continue;
        const char *meaning = strstr(line, row->meaning);
        assert_non_null(meaning);
        assert_null(memchr(line, '\n', (size_t)(meaning - line)));
        assert_true(!row->fallback || strstr(line, row->fallback) < meaning);
    }
}

static void each_listed_setting_has_group_values_default_and_meaning(void **state)
{
    char text[TEXT_SIZE] = "";
    FILE *file = fmemopen(text, sizeof text, "w");
    (void)state;
    assert_non_null(file);
    config_list(rows, file);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, "Numbers and words\tCOUNT\t1 to 65535\t8\thow many there are\n"
                              "Numbers and words\tHUGE\t0 or more\t\tno ceiling at all\n"
                              "Numbers and words\tBYTES\t1K to 1G\t1M\thow large it may be\n"
                              "Numbers and words\tWAIT\t500ms to 7d\t3600\thow long it may take\n"
                              "Numbers and words\tFORMAT\txml, json, ndjson\tjson\twhat is written\n"
                              "Texts\tNAME\ttext\t\twhat it is called\n"
                              "Texts\tCOLOR\ttext\tgreen\twhat it looks like\n"
                              "Texts\tTEST_TOKEN\tsecret\t\twhat nobody may read\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unset_variable_gets_its_default),
        cmocka_unit_test(numbers_and_words_are_understood),
        cmocka_unit_test(true_and_false_may_be_written_as_people_do_but_not_in_settings_of_aws),
        cmocka_unit_test(a_wrong_value_is_refused_with_the_expected_form),
        cmocka_unit_test(a_text_loses_outer_white_space_and_keeps_the_inner),
        cmocka_unit_test(a_secret_comes_from_its_variable_or_its_file),
        cmocka_unit_test(a_missing_or_too_long_secret_file_is_refused),
        cmocka_unit_test(no_message_repeats_a_secret),
        cmocka_unit_test(a_printed_setting_is_one_line_of_printable_characters),
        cmocka_unit_test(printed_settings_can_be_loaded_again_and_hide_secrets),
        cmocka_unit_test(the_help_has_a_line_for_each_setting_and_each_group),
        cmocka_unit_test(each_listed_setting_has_group_values_default_and_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
