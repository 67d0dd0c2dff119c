/* test_aws_config -- the shared files of AWS tools: which lines give which value to which profile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/credentials/aws_config.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static enum result parse(struct aws_config *config, enum aws_config_kind kind, const char *text,
                         struct why *why)
{
    struct buf buf = BUF_EMPTY;
    buf_append_text(&buf, text);
    enum result res = aws_config_parse(config, kind, &buf, why);
    buf_fini(&buf);
    return res;
}

static void lines_give_values_to_profiles(void **state)
{
    static const struct {
        enum aws_config_kind kind;
        const char *text, *profile, *name, *value;
    } rows[] = {
        {AWS_CREDENTIALS, "[default]\naws_access_key_id = AK\n", "default", "aws_access_key_id", "AK"},
        {AWS_CREDENTIALS, "[default]\naws_access_key_id=AK", "default", "aws_access_key_id", "AK"},
        {AWS_CREDENTIALS, "[x]\r\nregion = r\r\n", "x", "region", "r"},
        {AWS_CREDENTIALS, "[ x ]\nregion\t=\tr \t\n", "x", "region", "r"},
        {AWS_CREDENTIALS, "\xEF\xBB\xBF[x]\nregion = r\n", "x", "region", "r"},
        {AWS_CREDENTIALS, "[x]\nRegion: r\n", "x", "region", "r"},
        {AWS_CREDENTIALS, "[x]\naws_secret_access_key = a=b/c+d==\n", "x", "aws_secret_access_key",
         "a=b/c+d=="},
        {AWS_CREDENTIALS, "[x]\n# region = no\n; region = no\nregion = r\n", "x", "region", "r"},
        {AWS_CREDENTIALS, "[x]\nregion = r # Frankfurt\n", "x", "region", "r"},
        {AWS_CREDENTIALS, "[x]\nregion = r ; Frankfurt\n", "x", "region", "r"},
        {AWS_CREDENTIALS, "[x]\naws_secret_access_key = a#b;c\n", "x", "aws_secret_access_key", "a#b;c"},
        {AWS_CREDENTIALS, "[x] # mine\nregion = r\n", "x", "region", "r"},
        {AWS_CREDENTIALS, "[x]\nregion = a\nregion = b\n", "x", "region", "b"},
        {AWS_CREDENTIALS, "[x]\nregion = a\n[y]\nregion = b\n[x]\noutput = o\n", "x", "region", "a"},
        {AWS_CREDENTIALS, "  [x]\n  region = r\n", "x", "region", "r"},
        {AWS_CREDENTIALS, "[x]\n  region = r\n  output = o\n", "x", "output", "o"}, /* all indented alike */
        {AWS_CREDENTIALS, "[x]\nregion =\n", "x", "region", NULL},
        {AWS_CREDENTIALS, "[profile x]\nregion = r\n", "x", "region", NULL},
        {AWS_CONFIG, "[default]\nregion = r\n", "default", "region", "r"},
        {AWS_CONFIG, "[profile x]\nregion = r\n", "x", "region", "r"},
        {AWS_CONFIG, "[profile\t x ]\nregion = r\n", "x", "region", "r"},
        {AWS_CONFIG, "[profile \"my own\"]\nregion = r\n", "my own", "region", "r"},
        {AWS_CONFIG, "[profile default]\nregion = r\n", "default", "region", "r"},
        {AWS_CONFIG, "[x]\nregion = r\n", "x", "region", NULL},
        {AWS_CONFIG, "[profilex]\nregion = r\n", "x", "region", NULL},
        {AWS_CONFIG, "[sso-session x]\nsso_region = r\n  deeper = no\n[profile x]\nregion = r\n", "x",
         "region", "r"},
        {AWS_CONFIG, "before = any section\n[profile x]\nregion = r\n", "x", "region", "r"},
        /* nested values belong to s3, not to the profile */
        {AWS_CONFIG, "[default]\ns3 =\n  region = no\n  max_queue_size = 1\nregion = r\n", "default",
         "region", "r"},
        {AWS_CONFIG, "[default]\ns3 =\n  region = no\n", "default", "region", NULL},
        {AWS_CONFIG, "[default]\ns3 =\n  endpoint_url = a\n\n  # b\n  c = d\nregion = r\n", "default",
         "region", "r"},
        {AWS_CONFIG, "[default]\ncredential_process = run\n  --fast\n\t--far # why\nregion = r\n", "default",
         "credential_process", "run\n--fast\n--far"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_config config = {0};
        struct why why = {0};
        enum result res = parse(&config, rows[i].kind, rows[i].text, &why);
        if (res != RES_OK) fail_msg("row %zu: %s", i, why.text);
        const char *value = aws_config_get(&config, rows[i].profile, rows[i].name);
        if (!value != !rows[i].value || (value && strcmp(value, rows[i].value) != 0))
            fail_msg("row %zu: got %s", i, value ? value : "nothing");
        aws_config_fini(&config);
    }
}

static void the_credentials_file_wins_over_the_config_file(void **state)
{
    struct aws_config config = {0};
    struct why why = {0};
    (void)state;
    assert_int_equal(parse(&config, AWS_CONFIG, "[profile x]\nregion = a\noutput = o\n", &why), RES_OK);
    assert_int_equal(parse(&config, AWS_CREDENTIALS, "[x]\nregion = b\n", &why), RES_OK);
    assert_string_equal(aws_config_get(&config, "x", "region"), "b");
    assert_string_equal(aws_config_get(&config, "x", "output"), "o");
    aws_config_fini(&config);
}

static void a_profile_without_values_exists(void **state)
{
    struct aws_config config = {0};
    struct why why = {0};
    (void)state;
    assert_int_equal(parse(&config, AWS_CONFIG, "[profile x]\n[sso-session y]\na = b\n", &why), RES_OK);
    assert_true(aws_config_has_profile(&config, "x"));
    assert_false(aws_config_has_profile(&config, "y"));
    aws_config_fini(&config);
}

static void an_invalid_line_is_reported_by_number_without_its_text(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"[default]\nAKIASECRET\n", "line 2 "},
        {"[default\naws_access_key_id = a\n", "line 1 "},
        {"[default]\n\n# x\n= AKIASECRET\n", "line 4 "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_config config = {0};
        struct why why = {0};
        assert_int_equal(parse(&config, AWS_CREDENTIALS, rows[i].text, &why), RES_REFUSE);
        assert_memory_equal(why.text, rows[i].says, strlen(rows[i].says));
        assert_null(strstr(why.text, "SECRET"));
        aws_config_fini(&config);
    }
}

static void a_missing_file_is_accepted_but_an_unreadable_one_fails(void **state)
{
    struct scratch *scratch = scratch_new();
    struct aws_config config = {0};
    struct why why = {0};
    char path[200];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/nothing", scratch->dir);
    assert_int_equal(aws_config_read(&config, AWS_CONFIG, path, &why), RES_OK);
    assert_int_equal(aws_config_read(&config, AWS_CONFIG, scratch->dir, &why), RES_RETRY);
    assert_non_null(strstr(why.text, scratch->dir));
    scratch_write(path, "[default]\nregion = r\n", 21);
    assert_int_equal(aws_config_read(&config, AWS_CONFIG, path, &why), RES_OK);
    assert_string_equal(aws_config_get(&config, "default", "region"), "r");
    scratch_write(path, "", 0);
    assert_int_equal(aws_config_read(&config, AWS_CONFIG, path, &why), RES_OK);
    aws_config_fini(&config);
    scratch_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_give_values_to_profiles),
        cmocka_unit_test(the_credentials_file_wins_over_the_config_file),
        cmocka_unit_test(a_profile_without_values_exists),
        cmocka_unit_test(an_invalid_line_is_reported_by_number_without_its_text),
        cmocka_unit_test(a_missing_file_is_accepted_but_an_unreadable_one_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
