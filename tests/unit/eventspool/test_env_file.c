/*
 * test_env_file -- what lines of NAME=value mean, as docker compose documents it ("Syntax for environment files"), and
 * what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/eventspool/env_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* All settings as NAME=value, with | between them. */
static void join(const struct env *env, struct buf *out)
{
    for (size_t i = 0; i < env->count; i++)
        buf_append_format(out, "%s%s=%s", i ? "|" : "", env->entries[i].name, env->entries[i].value);
    buf_append_char(out, '\0');
}

static void lines_mean_what_they_mean_to_compose(void **state)
{
    static const struct {
        const char *text, *settings;
    } rows[] = {
        /* compose's documentation */
        {"VAR=VAL", "VAR=VAL"},
        {"VAR=\"VAL\"", "VAR=VAL"},
        {"VAR='VAL'", "VAR=VAL"},
        {"VAR=VAL # comment", "VAR=VAL"},
        {"VAR=VAL# not a comment", "VAR=VAL# not a comment"},
        {"VAR=\"VAL # not a comment\"", "VAR=VAL # not a comment"},
        {"VAR=\"VAL\" # comment", "VAR=VAL"},
        {"VAR='$OTHER'", "VAR=$OTHER"},
        {"VAR='${OTHER}'", "VAR=${OTHER}"},
        {"VAR='Let\\'s go!'", "VAR=Let's go!"},
        {"VAR=\"{\\\"hello\\\": \\\"json\\\"}\"", "VAR={\"hello\": \"json\"}"},
        {"VAR=\"some\\tvalue\"", "VAR=some\tvalue"},
        {"VAR='some\\tvalue'", "VAR=some\\tvalue"},
        {"VAR=some\\tvalue", "VAR=some\\tvalue"},
        {"KEY='SOME\nVALUE'", "KEY=SOME\nVALUE"},
        /* blanks, comments, line ends */
        {"", ""},
        {"\n\n \t\n", ""},
        {"# comment\n  # another\nA=1\n#B=2", "A=1"},
        {"A=1\r\nB=\"2\"\r\n\r\n# c\r\nC=3", "A=1|B=2|C=3"},
        {"A=\"1\r\n2\"\r\n", "A=1\n2"},
        {"\xef\xbb\xbf"
         "A=1",
         "A=1"},
        {"  A = 1  \nB\t=\t2\t", "A=1|B=2"},
        {"A= one two  # three", "A=one two"},
        {"A=1\t# comment", "A=1"},
        {"A=a#b #c", "A=a#b"},
        {"A='a'# comment", "A=a"},
        {"export A=1\nexport\tB=2\nexportC=3\nexport_D=4", "A=1|B=2|exportC=3|export_D=4"},
        /* no value, no = */
        {"A=\nB=", "A=|B="},
        {"A=   \nB=''\nC=\"\"", "A=|B=|C="},
        {"A\nexport B\nC=1", "C=1"},
        /* the last one counts */
        {"A=1\nB=2\nA=3", "A=3|B=2"},
        /* characters */
        {"A=a=b=c", "A=a=b=c"},
        {"A=it's \"so\"", "A=it's \"so\""},
        {"A=C:\\new", "A=C:\\new"},
        {"A='C:\\new'", "A=C:\\new"},
        {"A=\"C:\\\\new\\n\\r\\$x\\\"\"", "A=C:\\new\n\r$x\""},
        {"A=\"a\\d\\ \\'\"", "A=a\\d\\ \\'"},
        {"A=pa$$word\nB=\"pa$$word\"\nC='pa$$word'", "A=pa$word|B=pa$word|C=pa$$word"},
        {"A='\"x\"'\nB=\"'x'\"", "A=\"x\"|B='x'"},
        {"A=T\xc3\xbcr", "A=T\xc3\xbcr"},
        {"a.b-c_1=2", "a.b-c_1=2"},
        {"PATH=/opt/bin\nUNKNOWN=1", "PATH=/opt/bin|UNKNOWN=1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct env env = {0};
        struct why why = {0};
        struct buf joined = BUF_EMPTY;
        if (env_parse(&env, ".env", rows[i].text, strlen(rows[i].text), &why) != RES_OK)
            fail_msg("%s: %s", rows[i].text, why.text);
        join(&env, &joined);
        assert_string_equal(joined.data, rows[i].settings);
        buf_fini(&joined);
        env_fini(&env);
    }
}

static void what_cannot_be_understood_is_refused_with_its_line_and_without_its_value(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *says;
    } rows[] = {
        {"A=1\nB='secret", 2, "a quote is not closed"},
        {"A=\"secret\n\nB=2\n", 1, "a quote is not closed"},
        {"A='secret\\'", 1, "a quote is not closed"},
        {"A='secret'x", 1, "behind the closing quote"},
        {"A=\"1\n2\" secret", 2, "behind the closing quote"},
        {"A=$secret", 1, "variables are not replaced"},
        {"A=a${secret}", 1, "variables are not replaced"},
        {"\n\nA=\"${secret:-x}\"", 3, "variables are not replaced"},
        {"A=secret$", 1, "variables are not replaced"},
        {"A=\"secret$\"", 1, "variables are not replaced"},
        {"A=\"secret\\a\"", 1, "escape"},
        {"A=\"secret\\012\"", 1, "escape"},
        {"A=#secret", 1, "#"},
        {"A=  # secret", 1, "#"},
        {"A: secret", 1, "no = behind the name"},
        {"A secret", 1, "no = behind the name"},
        {"A # secret", 1, "no = behind the name"},
        {"=secret", 1, "no name"},
        {"1A=secret", 1, "no name"},
        {"+secret+", 1, "no name"},
        {"A/B=secret", 1, "no = behind the name"},
        {"export =secret", 1, "no name"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct env env = {0};
        struct why why = {0};
        char place[40];
        (void)snprintf(place, sizeof place, "/etc/x.env, line %d: ", rows[i].line);
        assert_int_equal(env_parse(&env, "/etc/x.env", rows[i].text, strlen(rows[i].text), &why), RES_REFUSE);
        if (strncmp(why.text, place, strlen(place)) != 0 || !strstr(why.text, rows[i].says))
            fail_msg("%s: %s", rows[i].text, why.text);
        assert_null(strstr(why.text, "secret"));
        assert_null(strstr(why.remedy, "secret"));
        assert_true(why.remedy[0] != '\0');
        env_fini(&env);
    }
}

static void a_file_with_a_byte_0_is_refused(void **state)
{
    struct env env = {0};
    struct why why = {0};
    (void)state;
    assert_int_equal(env_parse(&env, ".env", "A=1\0B", 5, &why), RES_REFUSE);
    assert_int_equal(env.count, 0);
}

static void the_environment_wins_also_with_an_empty_value(void **state)
{
    static const char text[] = "ENV_TEST_A=file\nENV_TEST_B=file\nENV_TEST_C=file\n";
    struct env env = {0};
    struct why why = {0};
    (void)state;
    assert_int_equal(setenv("ENV_TEST_A", "own", 1), 0);
    assert_int_equal(setenv("ENV_TEST_B", "", 1), 0);
    assert_int_equal(unsetenv("ENV_TEST_C"), 0);
    assert_int_equal(env_parse(&env, ".env", text, sizeof text - 1, &why), RES_OK);
    env_apply(&env);
    assert_string_equal(getenv("ENV_TEST_A"), "own");
    assert_string_equal(getenv("ENV_TEST_B"), "");
    assert_string_equal(getenv("ENV_TEST_C"), "file");
    env_fini(&env);
}

static void a_file_that_is_not_there_can_be_told_from_a_wrong_one(void **state)
{
    struct env env = {0};
    struct why why = {0};
    (void)state;
    assert_int_equal(env_read(&env, "/nowhere/.env", &why), RES_RETRY);
    assert_non_null(strstr(why.text, "/nowhere/.env"));
    assert_int_equal(env_read(&env, "/dev/null", &why), RES_OK);
    assert_int_equal(env.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_mean_what_they_mean_to_compose),
        cmocka_unit_test(what_cannot_be_understood_is_refused_with_its_line_and_without_its_value),
        cmocka_unit_test(a_file_with_a_byte_0_is_refused),
        cmocka_unit_test(the_environment_wins_also_with_an_empty_value),
        cmocka_unit_test(a_file_that_is_not_there_can_be_told_from_a_wrong_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
