/* test_aws_config -- the shared files of AWS tools: which lines give which value to which profile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/credentials/aws_config.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
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
        {AWS_CONFIG, "[services x]\nregion = no\n[profile x]\nregion = r\n", "x", "region", "r"},
        {AWS_CONFIG, "[services x]\nregion = no\n", "x", "region", NULL},
        {AWS_CREDENTIALS, "[services x]\nregion = r\n", "services x", "region", "r"},
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

static void nested_values_belong_to_the_property_above_them(void **state)
{
    static const struct {
        const char *text, *section, *parent, *name, *value;
        enum aws_section kind;
    } rows[] = {
        {"[default]\ns3 =\n  addressing_style = path\n", "default", "s3", "addressing_style", "path",
         AWS_PROFILE},
        {"[default]\nS3:\n\tAddressing_Style=path # why\n\n", "default", "s3", "addressing_style", "path",
         AWS_PROFILE},
        {"[default]\n  s3 =\n    a =\n      b = c\n  region = r\n", "default", "s3", "b", "c", AWS_PROFILE},
        {"[default]\ns3 =\n  a = 1\n  a = 2\n", "default", "s3", "a", "2", AWS_PROFILE},
        {"[default]\ns3 =\n  a = 1\ns3 =\n  b = 2\n", "default", "s3", "a", NULL, AWS_PROFILE},
        {"[default]\ns3 =\n  a = 1\nsts =\n  b = 2\n", "default", "s3", "b", NULL, AWS_PROFILE},
        {"[default]\ns3 = x\n  a = 1\n", "default", "s3", "a", NULL, AWS_PROFILE},
        {"[services x]\ns3 =\n  endpoint_url = u\n", "x", "s3", "endpoint_url", "u", AWS_SERVICES},
        {"[services \"my own\"]\ns3 =\n  endpoint_url = u\n", "my own", "s3", "endpoint_url", "u",
         AWS_SERVICES},
        {"[services x]\ns3 =\n  endpoint_url = u\n", "x", "s3", "endpoint_url", NULL, AWS_PROFILE},
        {"[services x]\ns3 =\n[profile x]\n  endpoint_url = u\n", "x", "s3", "endpoint_url", NULL,
         AWS_SERVICES},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_config config = {0};
        struct why why = {0};
        if (parse(&config, AWS_CONFIG, rows[i].text, &why) != RES_OK) fail_msg("row %zu: %s", i, why.text);
        const char *value =
            aws_config_get_nested(&config, rows[i].kind, rows[i].section, rows[i].parent, rows[i].name);
        if (!value != !rows[i].value || (value && strcmp(value, rows[i].value) != 0))
            fail_msg("row %zu: got %s", i, value ? value : "nothing");
        aws_config_fini(&config);
    }
}

static void only_values_that_count_are_gone_through(void **state)
{
    struct aws_config config = {0};
    struct aws_value value;
    struct why why = {0};
    size_t at = 0;
    (void)state;
    assert_int_equal(parse(&config, AWS_CONFIG, "[profile x]\nb = 1\nb = 2\ns3 =\n  c = 1\n", &why), RES_OK);
    assert_int_equal(parse(&config, AWS_CREDENTIALS, "[y]\nn = m\n[x]\ne =\ns3 =\n  d = 1\n  c =\n", &why),
                     RES_OK);
    assert_true(aws_config_next(&config, AWS_PROFILE, "x", &at, &value));
    assert_null(value.parent);
    assert_string_equal(value.name, "b");
    assert_string_equal(value.value, "2");
    assert_true(aws_config_next(&config, AWS_PROFILE, "x", &at, &value));
    assert_string_equal(value.parent, "s3");
    assert_string_equal(value.name, "d");
    assert_false(aws_config_next(&config, AWS_PROFILE, "x", &at, &value));
    aws_config_fini(&config);
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
    assert_true(aws_config_has(&config, AWS_PROFILE, "x"));
    assert_false(aws_config_has(&config, AWS_PROFILE, "y"));
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
        {"[default]\ns3 =\n  AKIASECRET\n", "line 3 "},
        {"[default]\ns3 =\n  x: AKIASECRET\n", "line 3 "},
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

/* A section of a long name, with so many values, each of which has so many lines. */
static void write_large(struct buf *text, size_t name_len, int values, int lines)
{
    buf_append_char(text, '[');
    for (size_t i = 0; i < name_len; i++) buf_append_char(text, 'x');
    buf_append_text(text, "]\n");
    for (int i = 0; i < values; i++) {
        buf_append_text(text, "a=b\n");
        for (int k = 0; k < lines; k++) buf_append_text(text, " c\n");
    }
}

static void a_large_file_takes_memory_of_its_own_size(void **state)
{
    static const struct {
        size_t name_len;
        int values, lines;
        enum result res;
    } rows[] = {{500000, 16000, 0, RES_OK}, {500000, 17000, 0, RES_REFUSE}, {1, 1, 300000, RES_OK}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_config config = {0};
        struct buf text = BUF_EMPTY;
        struct why why = {0};
        write_large(&text, rows[i].name_len, rows[i].values, rows[i].lines);
        size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        assert_int_equal(aws_config_parse(&config, AWS_CREDENTIALS, &text, &why), rows[i].res);
        assert_true(mallinfo2().uordblks + mallinfo2().hblkhd - before < ((size_t)16 << 20));
        if (rows[i].res != RES_OK) assert_non_null(strstr(why.text, "at most 16384 values"));
        aws_config_fini(&config);
        buf_fini(&text);
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

/* ---- the parser of AWS's own tools ---- */

#define FILES 400
#define LINES 10

/* Writes a file of random lines, as few as one. */
static void write_random_file(const char *path)
{
    static const char *const sections[] = {"[default]", "[profile x]", "[services s]", "[sso-session z]",
                                           "[profile \"q r\"]"};
    static const char *const lines[] = {"s3 =",
                                        "s3=",
                                        "sts:",
                                        "region = eu",
                                        "endpoint_url: http://h:1/",
                                        "  endpoint_url = http://h",
                                        "    addressing_style=path",
                                        "\tregion = t",
                                        "# c",
                                        "  # c",
                                        "",
                                        "   ",
                                        "; c",
                                        "  deeper",
                                        "key = a=b:c",
                                        "Name: v",
                                        "output =",
                                        "  a =",
                                        "[x",
                                        "junk",
                                        " x : y",
                                        "  = z",
                                        "=",
                                        "  [profile x]",
                                        "[services t]"};
    char text[40 * (LINES + 1)];
    int len = snprintf(text, sizeof text, "%s\n", sections[(size_t)rand() % COUNT(sections)]);
    for (int i = rand() % LINES; i > 0; i--)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%s", lines[(size_t)rand() % COUNT(lines)],
                        rand() % 8 ? "\n" : "\r\n");
    scratch_write(path, text, (size_t)len);
}

/* The value with | for each end of line. */
static void show(const char *value, char out[200])
{
    (void)snprintf(out, 200, "%s", value ? value : "");
    for (char *c = out; *c; c++)
        if (*c == '\n') *c = '|';
}

static size_t count_values(const struct aws_config *config)
{
    static const struct {
        enum aws_section kind;
        const char *name;
    } sections[] = {{AWS_PROFILE, "default"},
                    {AWS_PROFILE, "x"},
                    {AWS_PROFILE, "q r"},
                    {AWS_SERVICES, "s"},
                    {AWS_SERVICES, "t"}};
    size_t count = 0;
    for (size_t i = 0; i < COUNT(sections); i++) {
        struct aws_value value;
        size_t at = 0;
        while (aws_config_next(config, sections[i].kind, sections[i].name, &at, &value)) count++;
    }
    return count;
}

/* Compares the file with what follows its line in the oracle's answer. False: the oracle has refused it. */
static bool compare_file(const char *path, FILE *oracle, char line[300])
{
    struct aws_config config = {0};
    struct why why = {0};
    size_t count = 0;
    bool is_accepted = strcmp(line, "file\n") == 0;
    enum result res = aws_config_read(&config, AWS_CONFIG, path, &why);
    if (is_accepted && res != RES_OK) fail_msg("%s", why.text);
    while (fgets(line, 300, oracle) && strchr(line, '\t')) {
        char got[200];
        char *rest = line;
        enum aws_section kind = strcmp(strsep(&rest, "\t"), "services") == 0 ? AWS_SERVICES : AWS_PROFILE;
        const char *section = strsep(&rest, "\t");
        const char *parent = strsep(&rest, "\t");
        const char *name = strsep(&rest, "\t");
        const char *expected = strsep(&rest, "\n");
        struct aws_value value = {NULL, NULL, NULL};
        size_t at = 0;
        while (aws_config_next(&config, kind, section, &at, &value))
            if (strcmp(value.parent ? value.parent : "-", parent) == 0 && strcmp(value.name, name) == 0)
                break;
        show(value.value, got);
        if (strcmp(got, expected) != 0)
            fail_msg("%s: %s %s %s: %s, expected %s", path, section, parent, name, got, expected);
        count++;
    }
    if (is_accepted && count != count_values(&config)) fail_msg("%s has other values as well", path);
    aws_config_fini(&config);
    return is_accepted;
}

static void what_AWS_tools_read_is_read_alike(void **state)
{
    struct scratch *scratch = scratch_new();
    char command[300];
    char line[300];
    char path[200];
    int accepted = 0;
    (void)state;
    srand(1);
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(path, sizeof path, "%s/%03d", scratch->dir, i);
        write_random_file(path);
    }
    (void)snprintf(command, sizeof command, "python3 -B tests/support/aws_config_oracle.py %s/???",
                   scratch->dir);
    FILE *oracle = popen(command, "re");
    assert_non_null(oracle);
    assert_non_null(fgets(line, sizeof line, oracle));
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(path, sizeof path, "%s/%03d", scratch->dir, i);
        accepted += compare_file(path, oracle, line);
    }
    assert_true(accepted > FILES / 10);
    assert_int_equal(pclose(oracle), 0);
    scratch_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_give_values_to_profiles),
        cmocka_unit_test(nested_values_belong_to_the_property_above_them),
        cmocka_unit_test(only_values_that_count_are_gone_through),
        cmocka_unit_test(the_credentials_file_wins_over_the_config_file),
        cmocka_unit_test(a_profile_without_values_exists),
        cmocka_unit_test(an_invalid_line_is_reported_by_number_without_its_text),
        cmocka_unit_test(a_large_file_takes_memory_of_its_own_size),
        cmocka_unit_test(a_missing_file_is_accepted_but_an_unreadable_one_fails),
        cmocka_unit_test(what_AWS_tools_read_is_read_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
