/*
 * test_names -- names that look like settings: retired, misspelt. Run from the repository root; the programs
 * whose tables are compared lie in $BIN.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(array)  (sizeof(array) / sizeof(array)[0])
#define LOG_SIZE      8192
#define SETTINGS_MAX  100
#define SETTING_BYTES 64

/* Checks an environment of one variable and returns what was logged about it. */
static void check(const char *variable, char log[LOG_SIZE])
{
    char text[256];
    char *env[] = {text, NULL};
    (void)snprintf(text, sizeof text, "%s", variable);

    int old = dup(STDERR_FILENO);
    int file = memfd_create("log", 0);
    assert_true(old >= 0 && file >= 0);
    (void)dup2(file, STDERR_FILENO);
    names_check(env);
    (void)dup2(old, STDERR_FILENO);
    ssize_t len = pread(file, log, LOG_SIZE - 1, 0);
    close(old);
    close(file);
    assert_true(len >= 0);
    log[len] = '\0';
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text; text++) lines += *text == '\n';
    return lines;
}

static void a_retired_setting_is_logged_once_with_the_reason(void **state)
{
    static const struct {
        const char *variable;
        const char *says;
    } rows[] = {
        {"RATE_LIMIT_PER_SECOND=10", "name=RATE_LIMIT_PER_SECOND why=\"there is no rate limit"},
        {"RATE_LIMIT_BURST=10", "name=RATE_LIMIT_BURST why=\"there is no rate limit"},
        {"CURRENT_FILE=/tmp/x", "name=CURRENT_FILE why=\"events wait in the spool"},
        {"TEMP_FILE=/tmp/x", "name=TEMP_FILE why=\"events wait in the spool"},
        {"MAX_RETRIES=3", "name=MAX_RETRIES why=\"an upload is tried until it succeeds"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char log[LOG_SIZE];
        check(rows[i].variable, log);
        assert_non_null(strstr(log, " warn "));
        assert_non_null(strstr(log, rows[i].says));
        assert_int_equal(lines_of(log), 1);
    }
}

static void a_misspelt_setting_is_recognised(void **state)
{
    static const struct {
        const char *name;
        const char *meant;
    } rows[] = {
        {"BUCKET", "BUCKET_NAME"},
        {"BUCKETNAME", "BUCKET_NAME"},
        {"PREFX", "PREFIX"},
        {"ROTATION_INTERVALL", "ROTATION_INTERVAL"},
        {"ROTATION_INTERVALS", "ROTATION_INTERVAL"},
        {"ROTATION", "ROTATION_INTERVAL"},
        {"MAX_FILESIZE", "MAX_FILE_SIZE"},
        {"MAX_CONECTIONS", "MAX_CONNECTIONS"},
        {"OUTPUT_FROMAT", "OUTPUT_FORMAT"},
        {"LOGLEVEL", "LOG_LEVEL"},
        {"SPOOLPATH", "SPOOL_PATH"},
        {"NODEID", "NODE_ID"},
        {"AWS_REGON", "AWS_REGION"},
        {"AWS_ENDPOINT", "AWS_ENDPOINT_URL"},
        {"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID"},
        {"AWS_ACCES_KEY_ID", "AWS_ACCESS_KEY_ID"},
        {"aws_use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT"},
        {"Aws_Endpoint_Url", "AWS_ENDPOINT_URL"},
        {"aws_endpoint_url_s3", "AWS_ENDPOINT_URL_S3"},
        {"bucket_name", "BUCKET_NAME"},
        {"AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3"},
        {"AWS_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"},
        {"S3_ENDPOINT", "AWS_ENDPOINT_URL"},
        {"s3_endpoint_url", "AWS_ENDPOINT_URL"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char variable[80];
        char says[120];
        char log[LOG_SIZE];
        assert_non_null(names_suggest(rows[i].name));
        assert_string_equal(names_suggest(rows[i].name), rows[i].meant);
        (void)snprintf(variable, sizeof variable, "%s=x", rows[i].name);
        (void)snprintf(says, sizeof says, "\"unknown setting\" name=%s did_you_mean=%s\n", rows[i].name,
                       rows[i].meant);
        check(variable, log);
        assert_non_null(strstr(log, says));
    }
}

static void unrelated_variables_cause_no_warning(void **state)
{
    static const char *const rows[] = {
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "LANGUAGE",
        "NODE_ENV",
        "NODE_NAME",
        "NODE_PATH",
        "NODE_OPTIONS",
        "AWS_PAGER",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "prefix",
        "port",
        "http_proxy",
        "no_proxy",
        "AWS_PROFILE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_EXECUTION_ENV",
        "AWS_SECRET_ACCESS_KEY_FILE",
        "AWS_SESSION_TOKEN_FILE",
        "AWS_MAX_ATTEMPTS",
        "PORTAL",
        "HOST",
        "HOSTNAME",
        "HOSTTYPE",
        "LOGNAME",
        "LOGPATH",
        "PWD",
        "OLDPWD",
        "SHELL",
        "SHLVL",
        "TERM",
        "USER",
        "MAIL",
        "EDITOR",
        "PAGER",
        "DISPLAY",
        "TMPDIR",
        "TZ",
        "_",
        "HTTPS_PROXY",
        "NO_PROXY",
        "LD_LIBRARY_PATH",
        "PS1",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "LISTEN_FDS",
        "KUBERNETES_SERVICE_HOST",
        "KUBERNETES_PORT",
        "XDG_RUNTIME_DIR",
        "SSH_CONNECTION",
        "DEBIAN_FRONTEND",
        "MALLOC_ARENA_MAX",
        "CURRENT_FILENAME",
        "MAX_RETRIES_PER_REQUEST",
        "TEMP_FILES",
        "PREFIX_PATH",
        "FORMAT",
        "AN_UNUSUALLY_LONG_NAME_OF_SOMEBODY_ELSE_THAT_IS_NO_SETTING",
        "",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char variable[120];
        char log[LOG_SIZE];
        (void)snprintf(variable, sizeof variable, "%s=x", rows[i]);
        check(variable, log);
        if (*log) fail_msg("a false alarm: %s", log);
    }
}

static void a_setting_is_neither_retired_nor_misspelt(void **state)
{
    (void)state;
    for (size_t i = 0; names_of_settings[i]; i++) {
        char variable[120];
        char log[LOG_SIZE];
        (void)snprintf(variable, sizeof variable, "%s=x", names_of_settings[i]);
        check(variable, log);
        assert_string_equal(log, "");
    }
}

static bool is_known(const char *name)
{
    for (size_t i = 0; names_of_settings[i]; i++)
        if (strcmp(names_of_settings[i], name) == 0) return true;
    return false;
}

/* Adds the names that `program config` prints to those that are there; returns how many there are then. */
static size_t names_of(const char *program, char names[SETTINGS_MAX][SETTING_BYTES], size_t count)
{
    const char *bin = getenv("BIN");
    char command[512];
    char line[1024];
    (void)snprintf(command, sizeof command, "env -i '%s/%s' config", bin ? bin : "build/release/bin",
                   program);
    FILE *output = popen(command, "re");
    assert_non_null(output);
    while (count < SETTINGS_MAX && fgets(line, sizeof line, output)) {
        (void)snprintf(names[count], SETTING_BYTES, "%.*s", (int)strcspn(line, "="), line);
        bool is_new = true;
        for (size_t i = 0; i < count; i++) is_new = is_new && strcmp(names[i], names[count]) != 0;
        count += is_new;
    }
    assert_int_equal(pclose(output), 0); /* build the programs first */
    return count;
}

static void the_list_holds_exactly_the_settings_of_both_programs(void **state)
{
    static char names[SETTINGS_MAX][SETTING_BYTES];
    (void)state;
    size_t of_collector = names_of("collector", names, 0);
    size_t of_both = names_of("uploader", names, of_collector);
    assert_true(of_collector > 0 && of_both > of_collector);
    for (size_t i = 0; i < of_both; i++)
        if (!is_known(names[i])) fail_msg("tools/setting_names.awk does not find the row of %s", names[i]);
    size_t listed = 0;
    while (names_of_settings[listed]) listed++;
    assert_int_equal(listed, of_both);
}

/* Counts the lines of `program --settings` whose values are a secret's, each of which must be in the list. */
static size_t secrets_of(const char *program)
{
    const char *bin = getenv("BIN");
    char command[512];
    char line[4096];
    size_t count = 0;
    (void)snprintf(command, sizeof command, "env -i '%s/%s' --settings", bin ? bin : "build/release/bin",
                   program);
    FILE *output = popen(command, "re");
    assert_non_null(output);
    while (fgets(line, sizeof line, output)) {
        char name[SETTING_BYTES];
        char values[16];
        size_t i = 0;
        assert_int_equal(sscanf(line, "%*[^\t]\t%63[^\t]\t%15[^\t]", name, values), 2);
        if (strcmp(values, "secret") != 0) continue;
        while (names_of_secrets[i] && strcmp(names_of_secrets[i], name) != 0) i++;
        if (!names_of_secrets[i]) fail_msg("tools/setting_names.awk does not find that %s is secret", name);
        count++;
    }
    assert_int_equal(pclose(output), 0);
    return count;
}

static void the_list_of_secrets_holds_exactly_those_of_both_programs(void **state)
{
    size_t listed = 0;
    (void)state;
    while (names_of_secrets[listed]) listed++;
    assert_true(listed > 0);
    assert_int_equal(secrets_of("collector") + secrets_of("uploader"), listed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retired_setting_is_logged_once_with_the_reason),
        cmocka_unit_test(a_misspelt_setting_is_recognised),
        cmocka_unit_test(unrelated_variables_cause_no_warning),
        cmocka_unit_test(a_setting_is_neither_retired_nor_misspelt),
        cmocka_unit_test(the_list_holds_exactly_the_settings_of_both_programs),
        cmocka_unit_test(the_list_of_secrets_holds_exactly_those_of_both_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
