/*
 * test_credentials -- which source answers, when keys are renewed, and what a person is told. No server answers: sources that
 * need one are tested in tests/e2e/test_credentials.py. The clock is what the caller says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/credentials/credentials.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/support/scratch.h"
#include "uploader/commands/options.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MINUTE_MS    60000LL
#define VARIABLE_MAX 12

/* An environment and files of a test's own. */
struct fixture {
    struct scratch *scratch;
    char config[200], credentials[200];
    struct settings settings;
    struct connection connection;
    struct signals signals;
    struct lockfile lock;
    struct credentials *chain;
    struct keys keys;
    struct why why;
};

static const char *const variables[] = {
    "AWS_ACCESS_KEY_ID",
    "AWS_ACCESS_KEY_ID_FILE",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_ACCESS_KEY_FILE",
    "AWS_SESSION_TOKEN",
    "AWS_SESSION_TOKEN_FILE",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL",
    "AWS_CA_BUNDLE",
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->scratch = scratch_new();
    f->lock = LOCKFILE_NONE;
    (void)snprintf(f->config, sizeof f->config, "%s/config", f->scratch->dir);
    (void)snprintf(f->credentials, sizeof f->credentials, "%s/credentials", f->scratch->dir);
    for (size_t i = 0; i < COUNT(variables); i++) (void)unsetenv(variables[i]);
    (void)setenv("AWS_CONFIG_FILE", f->config, 1);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", f->credentials, 1);
    (void)setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    *state = f;
    return signals_open(&f->signals, &f->why) == RES_OK ? 0 : -1;
}

static void close_chain(struct fixture *f)
{
    credentials_close(f->chain);
    f->chain = NULL;
    keys_wipe(&f->keys);
    settings_free(&f->settings);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    close_chain(f);
    signals_close(&f->signals);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static void write_file(const char *path, const char *text)
{
    scratch_write(path, text, strlen(text));
}

/* Opens the chain with the options that the environment sets. */
static enum result open_as_set(struct fixture *f, struct credentials **chain)
{
    static const struct http_limits limits = {.connect_ms = 1000, .stall_s = 1, .answer_ms = 100};
    f->settings = (struct settings){0};
    enum result res = settings_load(&f->settings, environ, &f->why);
    if (res != RES_OK) return res;
    struct connection_options connection = options_for_connection(&f->settings);
    struct credentials_options options = options_for_credentials(&f->settings);
    res = connection_load(&f->connection, &connection, &f->why);
    if (res != RES_OK) return res;
    return credentials_open(chain, &options, &f->connection, &f->signals, &f->lock, limits, &f->why);
}

static void open_chain(struct fixture *f)
{
    close_chain(f);
    assert_int_equal(open_as_set(f, &f->chain), RES_OK);
}

/* The id of the keys that are given out at `now_at`, or "" with the failure in why. */
static const char *get(struct fixture *f, int64_t now_at)
{
    keys_wipe(&f->keys);
    why_clear(&f->why);
    return credentials_get(f->chain, now_at, &f->keys, &f->why) == RES_OK ? f->keys.access_key_id : "";
}

static const char *source(struct fixture *f, char out[KEYS_SOURCE_SIZE])
{
    credentials_source(f->chain, out);
    return out;
}

/* ---- which source answers ---- */

#define KEYS(id) "aws_access_key_id = " id "\naws_secret_access_key = s\n"

static void the_first_source_that_is_configured_answers(void **state)
{
    static const struct {
        const char *set[VARIABLE_MAX]; /* NAME, value, ... */
        const char *config, *credentials;
        const char *id, *source;
    } rows[] = {
        {{"AWS_ACCESS_KEY_ID", "E", "AWS_SECRET_ACCESS_KEY", "s"},
         "",
         "[default]\n" KEYS("F"),
         "E",
         "the environment (AWS_ACCESS_KEY_ID)"},
        {{"AWS_ACCESS_KEY_ID", "E", "AWS_SECRET_ACCESS_KEY", "s", "AWS_PROFILE", "x"},
         "",
         "[x]\n" KEYS("F"),
         "E",
         "the environment (AWS_ACCESS_KEY_ID)"},
        {{"AWS_ACCESS_KEY_ID", " ", "AWS_SECRET_ACCESS_KEY", ""},
         "",
         "[default]\n" KEYS("F"),
         "F",
         "the profile default"},
        {{NULL}, "[default]\n" KEYS("C"), "[default]\n" KEYS("F"), "F", "the profile default"},
        {{NULL}, "[default]\n" KEYS("C"), "", "C", "the profile default"},
        {{"AWS_PROFILE", "x"}, "[default]\n" KEYS("C") "[profile x]\n" KEYS("X"), "", "X", "the profile x"},
        {{"AWS_PROFILE", "x"}, "", "[x]\n" KEYS("X"), "X", "the profile x"},
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"},
         "",
         "[default]\n" KEYS("F"),
         "F",
         "the profile default"},
        {{NULL},
         "[default]\ncredential_process = printf '{\"Version\":1,\"AccessKeyId\":\"P\","
         "\"SecretAccessKey\":\"s\"}'\n",
         "",
         "P",
         "credential_process of the profile default"},
        {{NULL},
         "[default]\ncredential_process = sh -c \"echo '{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"P\\\","
         "\\\"SecretAccessKey\\\":\\\"s\\\"}'\"\n",
         "",
         "P",
         "credential_process of the profile default"},
        {{NULL}, "[default]\n" KEYS("C") "credential_process = false\n", "", "C", "the profile default"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char from[KEYS_SOURCE_SIZE];
        for (size_t j = 0; rows[i].set[j]; j += 2) (void)setenv(rows[i].set[j], rows[i].set[j + 1], 1);
        write_file(f->config, rows[i].config);
        write_file(f->credentials, rows[i].credentials);
        open_chain(f);
        const char *id = get(f, 0);
        if (strcmp(id, rows[i].id) != 0) fail_msg("row %zu: %s %s", i, id, f->why.text);
        assert_string_equal(source(f, from), rows[i].source);
        for (size_t j = 0; rows[i].set[j]; j += 2) (void)unsetenv(rows[i].set[j]);
    }
}

#define ROLE         "[profile s]\n" KEYS("S") "[default]\nrole_arn = r\nsource_profile = s\n"
#define CORRECT(key) "correct " key " of the profile default"

static void an_error_has_a_remedy_and_reveals_no_secret(void **state)
{
    static const struct {
        const char *set[VARIABLE_MAX];
        const char *config;
        const char *says, *remedy;
        enum result res;
    } rows[] = {
        {{NULL}, "", "no credentials: looked for AWS_ACCESS_KEY_ID", "set AWS_ACCESS_KEY_ID", RES_REFUSE},
        {{"AWS_ACCESS_KEY_ID", "E"},
         "",
         "AWS_SECRET_ACCESS_KEY is not",
         "set AWS_SECRET_ACCESS_KEY",
         RES_REFUSE},
        {{"AWS_SECRET_ACCESS_KEY", "TOPSECRET"},
         "",
         "AWS_ACCESS_KEY_ID is not",
         "set AWS_ACCESS_KEY_ID",
         RES_REFUSE},
        {{"AWS_ACCESS_KEY_ID", "E", "AWS_SECRET_ACCESS_KEY", "TOP SECRET"},
         "",
         "the secret access key has a character that no key has, at 4",
         "correct AWS_ACCESS_KEY_ID",
         RES_REFUSE},
        {{"AWS_ROLE_ARN", "arn:aws:iam::1:role/web"},
         "",
         "AWS_ROLE_ARN is set, but AWS_WEB_IDENTITY_TOKEN_FILE is not",
         "set AWS_ACCESS_KEY_ID",
         RES_REFUSE},
        {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"},
         "",
         "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not",
         "set AWS_ROLE_ARN",
         RES_REFUSE},
        {{"AWS_PROFILE", "x"},
         "[profile y]\n" KEYS("Y"),
         "AWS_PROFILE=x: there is no such profile",
         "correct AWS_PROFILE",
         RES_REFUSE},
        {{NULL},
         "[default]\naws_access_key_id = a\n",
         "the secret access key is empty",
         "of the profile default",
         RES_REFUSE},
        {{NULL}, "[default]\nTOPSECRET\n", "line 2 is not understood", "correct the file", RES_REFUSE},
        {{NULL},
         "[default]\nsso_session = s\n",
         "has sso_session: keys by a person's login (IAM Identity Center",
         "aws configure export-credentials",
         RES_REFUSE},
        {{NULL}, "[default]\nlogin_session = s\n", "has login_session", "aws configure export", RES_REFUSE},
        {{NULL},
         "[default]\nsso_account_id = 1\nsso_session = s\n" KEYS("K"),
         "has sso_account_id",
         "aws configure export-credentials",
         RES_REFUSE},
        {{NULL},
         "[default]\nweb_identity_token_file = /x\n",
         "has web_identity_token_file, but no role_arn",
         "add role_arn to the profile default",
         RES_REFUSE},
        {{NULL},
         "[default]\nsource_profile = x\n[profile x]\n" KEYS("K"),
         "has source_profile, but no role_arn",
         "add role_arn to the profile default",
         RES_REFUSE},
        {{NULL},
         ROLE "duration_seconds = abc\n",
         "duration_seconds=abc: expected",
         CORRECT("duration_seconds"),
         RES_REFUSE},
        {{NULL},
         ROLE "duration_seconds = 899\n",
         "from 900 to 43200",
         CORRECT("duration_seconds"),
         RES_REFUSE},
        {{NULL},
         ROLE "duration_seconds = 43201\n",
         "from 900 to 43200",
         CORRECT("duration_seconds"),
         RES_REFUSE},
        {{NULL},
         ROLE "duration_seconds = 18446744073709552516\n",
         "expected",
         CORRECT("duration_seconds"),
         RES_REFUSE},
        {{NULL},
         ROLE "duration_seconds = -900\n",
         "expected seconds",
         CORRECT("duration_seconds"),
         RES_REFUSE},
        {{NULL},
         ROLE "role_session_name = a b\n",
         "role_session_name=a b: expected",
         CORRECT("role_session_name"),
         RES_REFUSE},
        {{NULL},
         ROLE "role_session_name = a\n",
         "expected 2 to 64",
         CORRECT("role_session_name"),
         RES_REFUSE},
        {{NULL},
         ROLE "external_id = a&b\n",
         "external_id: expected 2 to 1224",
         CORRECT("external_id"),
         RES_REFUSE},
        {{NULL},
         ROLE "external_id = a\n",
         "external_id: expected 2 to 1224",
         CORRECT("external_id"),
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\nweb_identity_token_file = /nowhere\nduration_seconds = x\n",
         "duration_seconds=x",
         CORRECT("duration_seconds"),
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\n",
         "neither source_profile nor credential_source",
         "correct the profile default",
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\nsource_profile = x\n",
         "source_profile=x: there is no such profile",
         "correct the profile default",
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\nsource_profile = x\n[profile x]\nregion = y\n",
         "source_profile=x has no keys",
         "correct the profile default",
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\nsource_profile = default\n",
         "source_profile=default leads back",
         "correct the profile default",
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nrole_arn = s\nsource_profile = b\n"
         "[profile b]\nrole_arn = t\nsource_profile = a\n",
         "the profile default: the profile a: the profile b: source_profile=a leads back",
         "correct the profile b",
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\ncredential_source = Cloud\n",
         "credential_source=Cloud: expected",
         "correct the profile default",
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\ncredential_source = Environment\n",
         "credential_source=Environment has no keys",
         "correct the profile default",
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\nsource_profile = x\nmfa_serial = m\n[profile x]\n" KEYS("X"),
         "mfa_serial",
         "correct the profile default",
         RES_REFUSE},
        {{NULL},
         "[default]\nrole_arn = r\nweb_identity_token_file = /nowhere/token\n",
         "/nowhere/token",
         "token file exists",
         RES_RETRY},
        {{NULL},
         "[default]\ncredential_process = /nowhere/program TOPSECRET\n",
         "cannot start /nowhere/program",
         "by hand",
         RES_RETRY},
        {{NULL},
         "[default]\ncredential_process = sh -c 'echo TOPSECRET; exit 3'\n",
         "exit code 3",
         "by hand",
         RES_RETRY},
        {{NULL},
         "[default]\ncredential_process = echo TOPSECRET\n",
         "not a JSON object",
         "by hand",
         RES_RETRY},
        {{NULL},
         "[default]\ncredential_process = printf '{\"Version\":2,\"AccessKeyId\":\"a\","
         "\"SecretAccessKey\":\"TOPSECRET\"}'\n",
         "Version is not 1",
         "by hand",
         RES_RETRY},
        {{NULL},
         "[default]\ncredential_process = program 'TOPSECRET\n",
         "cannot be split into words",
         "is a quote not closed?",
         RES_REFUSE},
        {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"},
         "",
         "AWS_ROLE_ARN is not",
         "set AWS_ROLE_ARN",
         RES_REFUSE},
        {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token", "AWS_ROLE_ARN", "r"},
         "",
         "/nowhere/token",
         "token file exists",
         RES_RETRY},
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/keys"},
         "",
         "expected https://",
         "correct AWS_CONTAINER_CREDENTIALS_FULL_URI",
         RES_REFUSE},
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1@192.0.2.1/"},
         "",
         "expected https://",
         "correct AWS_CONTAINER_CREDENTIALS_FULL_URI",
         RES_REFUSE},
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://user:TOPSECRET@127.0.0.1/?TOPSECRET"},
         "",
         "FULL_URI=http://***@127.0.0.1/?***: expected https://",
         "correct AWS_CONTAINER_CREDENTIALS_FULL_URI",
         RES_REFUSE},
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost.example/"},
         "",
         "expected https://",
         "correct AWS_CONTAINER_CREDENTIALS_FULL_URI",
         RES_REFUSE},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t j = 0; rows[i].set[j]; j += 2) (void)setenv(rows[i].set[j], rows[i].set[j + 1], 1);
        (void)setenv("AWS_REGION", "r", 1);
        write_file(f->config, rows[i].config);
        close_chain(f);
        why_clear(&f->why);
        enum result res = open_as_set(f, &f->chain);
        if (res == RES_OK) res = credentials_get(f->chain, 0, &f->keys, &f->why);
        if (res != rows[i].res) fail_msg("row %zu: result %d, %s", i, (int)res, f->why.text);
        if (!strstr(f->why.text, rows[i].says)) fail_msg("row %zu: %s", i, f->why.text);
        if (!strstr(f->why.remedy, rows[i].remedy)) fail_msg("row %zu: %s", i, f->why.remedy);
        assert_null(strstr(f->why.text, "SECRET;"));
        assert_null(strstr(f->why.text, "TOP"));
        assert_null(strstr(f->why.remedy, "TOP"));
        for (size_t j = 0; rows[i].set[j]; j += 2) (void)unsetenv(rows[i].set[j]);
    }
}

static void the_region_comes_from_the_environment_before_the_profile(void **state)
{
    struct fixture *f = *state;
    open_chain(f);
    assert_string_equal(f->connection.region, "us-east-1");
    write_file(f->config, "[default]\nregion = eu-central-1\n[profile x]\nregion = eu-north-1\n");
    open_chain(f);
    assert_string_equal(f->connection.region, "eu-central-1");
    (void)setenv("AWS_PROFILE", "x", 1);
    open_chain(f);
    assert_string_equal(f->connection.region, "eu-north-1");
    (void)setenv("AWS_DEFAULT_REGION", "eu-west-1", 1);
    open_chain(f);
    assert_string_equal(f->connection.region, "eu-west-1");
    (void)setenv("AWS_REGION", "eu-west-2", 1);
    open_chain(f);
    assert_string_equal(f->connection.region, "eu-west-2");
    (void)unsetenv("AWS_REGION");
    (void)unsetenv("AWS_DEFAULT_REGION");
    write_file(f->config, "[profile x]\nregion = not/a region\n");
    settings_free(&f->settings);
    struct credentials *none = NULL;
    assert_int_equal(open_as_set(f, &none), RES_REFUSE);
    assert_null(none);
}

/* A token of that length, between these two texts, becomes the file. */
static void write_token(const char *path, const char *before, size_t len, const char *after)
{
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, before);
    for (size_t i = 0; i < len; i++) buf_append_char(&text, 't');
    buf_append_text(&text, after);
    scratch_write(path, text.data, text.len);
    buf_fini(&text);
}

/* Keys are found whose token has that length; or if it is more than possible, the failure says so. */
static void check_token(struct fixture *f, size_t len)
{
    close_chain(f);
    why_clear(&f->why);
    enum result res = open_as_set(f, &f->chain);
    if (res == RES_OK) res = credentials_get(f->chain, 0, &f->keys, &f->why);
    if (len > KEYS_TOKEN_MAX) {
        assert_int_not_equal(res, RES_OK);
        if (!strstr(f->why.text, "65537")) fail_msg("%s", f->why.text);
        return;
    }
    if (res != RES_OK) fail_msg("%s", f->why.text);
    assert_int_equal(strlen(f->keys.session_token), len);
}

/* Sources on the network: tests/e2e/test_credentials.py. */
static void a_session_token_may_have_64_KB(void **state)
{
    static const char json[] =
        "{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"";
    struct fixture *f = *state;
    char path[200];
    char config[300];
    (void)snprintf(path, sizeof path, "%s/token", f->scratch->dir);
    (void)snprintf(config, sizeof config, "[default]\ncredential_process = cat %s\n", path);
    for (size_t len = KEYS_TOKEN_MAX; len <= KEYS_TOKEN_MAX + 1; len++) {
        write_token(f->config, "[default]\n" KEYS("F") "aws_session_token = ", len, "\n");
        check_token(f, len);
        write_token(path, json, len, "\"}\n");
        write_file(f->config, config);
        check_token(f, len);
        write_token(path, "", len, "\r\n");
        (void)setenv("AWS_ACCESS_KEY_ID", "E", 1);
        (void)setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
        (void)setenv("AWS_SESSION_TOKEN_FILE", path, 1);
        check_token(f, len);
        (void)unsetenv("AWS_ACCESS_KEY_ID");
        (void)unsetenv("AWS_SECRET_ACCESS_KEY");
        (void)unsetenv("AWS_SESSION_TOKEN_FILE");
    }
}

/* Other kinds of files are read by the same function: tests/unit/common/test_small_file.c. */
static void a_token_file_that_is_a_pipe_is_given_up(void **state)
{
    struct fixture *f = *state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/pipe", f->scratch->dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
    (void)setenv("AWS_ROLE_ARN", "r", 1);
    open_chain(f);
    assert_string_equal(get(f, 0), "");
    assert_non_null(strstr(f->why.text, "it is no file, and whoever writes to it"));
    assert_non_null(strstr(f->why.remedy, "token file exists"));
    (void)unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
    (void)unsetenv("AWS_ROLE_ARN");
}

/* ---- files that change ---- */

static void a_new_or_changed_file_is_read_before_use(void **state)
{
    struct fixture *f = *state;
    open_chain(f);
    assert_string_equal(get(f, 0), "");
    write_file(f->credentials, "[default]\n" KEYS("A"));
    assert_string_equal(get(f, 1), "A"); /* though a failure is shared for a second */
    write_file(f->credentials, "[default]\n" KEYS("B"));
    assert_string_equal(get(f, 2), "B");
    char next[220];
    (void)snprintf(next, sizeof next, "%s.new", f->credentials);
    write_file(next, "[default]\n" KEYS("C"));
    assert_int_equal(rename(next, f->credentials), 0);
    assert_string_equal(get(f, 3), "C");
}

/* Whoever waits for better keys asks this each second. */
static void a_changed_file_is_noticed_without_a_search(void **state)
{
    struct fixture *f = *state;
    open_chain(f);
    assert_false(credentials_have_changed(f->chain)); /* nothing was searched yet */
    assert_string_equal(get(f, 0), "");
    assert_false(credentials_have_changed(f->chain));
    write_file(f->credentials, "[default]\n" KEYS("A"));
    assert_true(credentials_have_changed(f->chain));
    assert_true(credentials_have_changed(f->chain)); /* until they are asked for */
    assert_string_equal(get(f, 1), "A");
    assert_false(credentials_have_changed(f->chain));
}

static void keys_in_the_environment_itself_never_change(void **state)
{
    struct fixture *f = *state;
    (void)setenv("AWS_ACCESS_KEY_ID", "A", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    open_chain(f);
    assert_string_equal(get(f, 0), "A");
    write_file(f->credentials, "[default]\n" KEYS("B"));
    assert_false(credentials_have_changed(f->chain));
}

static void a_half_written_file_leaves_the_present_keys_in_use(void **state)
{
    struct fixture *f = *state;
    write_file(f->credentials, "[default]\n" KEYS("A"));
    open_chain(f);
    assert_string_equal(get(f, 0), "A");
    write_file(f->credentials, "[default]\naws_acc");
    assert_string_equal(get(f, 1), "A");
    write_file(f->credentials, "[default]\n" KEYS("B"));
    assert_string_equal(get(f, 2), "B");
}

static void a_changed_secret_file_of_the_environment_is_read_again(void **state)
{
    struct fixture *f = *state;
    char id[200];
    char secret[200];
    (void)snprintf(id, sizeof id, "%s/id", f->scratch->dir);
    (void)snprintf(secret, sizeof secret, "%s/secret", f->scratch->dir);
    write_file(id, "A\r\n");
    write_file(secret, "s1\n");
    (void)setenv("AWS_ACCESS_KEY_ID_FILE", id, 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY_FILE", secret, 1);
    open_chain(f);
    assert_string_equal(get(f, 0), "A");
    write_file(secret, "s2\n");
    assert_string_equal(get(f, 1), "A");
    assert_string_equal(f->keys.secret_access_key, "s2");
}

/* A file may be empty because it is being written, and a later source would give another identity's keys. */
static void an_empty_file_leaves_its_keys_in_use_though_a_later_source_is_set(void **state)
{
    struct fixture *f = *state;
    (void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/keys", 1); /* is refused */
    write_file(f->credentials, "[default]\n" KEYS("A"));
    open_chain(f);
    assert_string_equal(get(f, 0), "A");
    write_file(f->credentials, "");
    assert_string_equal(get(f, 1), "A");
    credentials_reject(f->chain, &f->keys);
    assert_string_equal(get(f, 2000), "");
    assert_non_null(strstr(f->why.text, "the keys came from the profile default, and none are there now"));
    assert_non_null(strstr(f->why.remedy, "restart the uploader"));
    write_file(f->credentials, "[default]\n" KEYS("B"));
    assert_string_equal(get(f, 4000), "B");
}

static void a_named_file_that_is_empty_is_refused_though_a_later_source_has_keys(void **state)
{
    struct fixture *f = *state;
    char id[200];
    char secret[200];
    (void)snprintf(id, sizeof id, "%s/id", f->scratch->dir);
    (void)snprintf(secret, sizeof secret, "%s/secret", f->scratch->dir);
    write_file(f->credentials, "[default]\n" KEYS("OTHER"));
    write_file(id, "");
    write_file(secret, "\n");
    (void)setenv("AWS_ACCESS_KEY_ID_FILE", id, 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY_FILE", secret, 1);
    open_chain(f);
    assert_string_equal(get(f, 0), "");
    assert_non_null(strstr(f->why.text, "AWS_ACCESS_KEY_ID_FILE="));
    assert_non_null(strstr(f->why.text, "the file is empty"));
    assert_true(*f->why.remedy);
    write_file(id, "A");
    write_file(secret, "s");
    assert_string_equal(get(f, 1), "A");
    write_file(id, "");
    write_file(secret, "");
    assert_string_equal(get(f, 2), "A");
    (void)setenv("AWS_ACCESS_KEY_ID_FILE", " ", 1); /* as a complete .env file has it */
    (void)setenv("AWS_SECRET_ACCESS_KEY_FILE", "", 1);
    open_chain(f);
    assert_string_equal(get(f, 0), "OTHER");
}

/* The new keys may be those of the new server, which is called after a restart. */
static void keys_that_come_with_another_server_are_not_shown_to_the_old_one(void **state)
{
    struct fixture *f = *state;
    write_file(f->config, "[default]\nendpoint_url = http://a\nregion = r\n");
    write_file(f->credentials, "[default]\n" KEYS("A"));
    open_chain(f);
    assert_string_equal(get(f, 0), "A");
    write_file(f->config, "[default]\nendpoint_url = http://b\n");
    write_file(f->credentials, "[default]\n" KEYS("B"));
    assert_string_equal(get(f, 1), "A");
    credentials_reject(f->chain, &f->keys);
    assert_string_equal(get(f, 2000), "");
    assert_non_null(strstr(f->why.text, "another server of S3 than at the start: http://b, not http://a"));
    assert_non_null(strstr(f->why.remedy, "restart the uploader"));
    write_file(f->config, "[default]\nendpoint_url = http://a\nregion = s\n");
    assert_string_equal(get(f, 4000), "B");
    write_file(f->config, "[default]\nendpoint_url = http://a\n  what is this?\ns3 =\n  use_fips = true\n");
    assert_string_equal(get(f, 5000), "B"); /* what is wrong elsewhere stops nothing */
}

/* The kernel takes the connection and the request; nobody answers. */
static void an_STS_that_hangs_is_given_up_when_the_limits_say(void **state)
{
    struct fixture *f = *state;
    char url[64];
    char token[200];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0);
    assert_true(listen(listener, 1) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    (void)snprintf(token, sizeof token, "%s/token", f->scratch->dir);
    write_file(token, "t");
    (void)setenv("AWS_ENDPOINT_URL_STS", url, 1);
    (void)setenv("AWS_ROLE_ARN", "r", 1);
    (void)setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token, 1);
    open_chain(f);
    int64_t since = clock_monotonic_ms();
    assert_string_equal(get(f, 0), "");
    assert_non_null(strstr(f->why.text, "no answer in time"));
    assert_true(clock_monotonic_ms() - since < 20000); /* not the minute of the service */
    close(listener);
}

/* ---- keys that end ---- */

/* A credential_process whose n-th answer is the key Kn, good for `minutes` from 1970 on; it notes each call. */
static void write_process(struct fixture *f, const char *tail, int minutes)
{
    char text[1200];
    char script[200];
    (void)snprintf(script, sizeof script, "%s/process", f->scratch->dir);
    (void)snprintf(
        text, sizeof text,
        "#!/bin/sh\ncd %s\necho >>calls\nn=$(wc -l <calls)\n%s\n"
        "printf '{\"Version\":1,\"AccessKeyId\":\"K%%d\",\"SecretAccessKey\":\"s\",\"SessionToken\":"
        "\"t\",\"Expiration\":\"1970-01-01T%02d:%02d:00Z\"}' $n\n",
        f->scratch->dir, tail, minutes / 60, minutes % 60);
    write_file(script, text);
    assert_int_equal(chmod(script, 0700), 0);
    (void)snprintf(text, sizeof text, "[default]\ncredential_process = %s\n", script);
    if (access(f->config, F_OK) != 0) write_file(f->config, text);
}

static void keys_are_renewed_before_they_expire(void **state)
{
    struct fixture *f = *state;
    write_process(f, "", 60);
    open_chain(f);
    assert_string_equal(get(f, 0), "K1");
    assert_string_equal(get(f, 54 * MINUTE_MS), "K1");
    write_process(f, "", 120);
    assert_string_equal(get(f, 56 * MINUTE_MS), "K2");
    assert_string_equal(get(f, 60 * MINUTE_MS), "K2");
    assert_true(f->keys.expires_at == 120 * MINUTE_MS);
}

static void keys_serve_until_they_expire_if_renewal_fails(void **state)
{
    struct fixture *f = *state;
    write_process(f, "", 60);
    open_chain(f);
    assert_string_equal(get(f, 0), "K1");
    write_process(f, "exit 1", 60);
    assert_string_equal(get(f, 56 * MINUTE_MS), "K1");        /* call 2 fails */
    assert_string_equal(get(f, 56 * MINUTE_MS + 1000), "K1"); /* too soon for another call */
    assert_string_equal(get(f, 57 * MINUTE_MS), "K1");        /* call 3 */
    assert_string_equal(get(f, 60 * MINUTE_MS), "");          /* call 4: they have ended */
    assert_non_null(strstr(f->why.text, "exit code 1"));
    assert_string_equal(get(f, 60 * MINUTE_MS + 500), ""); /* the same answer for all who ask at once */
    write_process(f, "", 120);
    assert_string_equal(get(f, 61 * MINUTE_MS), "K5");
}

static void rejected_keys_are_renewed_at_once_and_only_once(void **state)
{
    struct fixture *f = *state;
    struct keys first = KEYS_NONE;
    write_process(f, "", 60);
    open_chain(f);
    assert_string_equal(get(f, 0), "K1");
    keys_copy(&first, &f->keys);
    credentials_reject(f->chain, &first);
    assert_string_equal(get(f, 1), "K2");
    credentials_reject(f->chain, &first); /* another thread, late: K2 are not meant */
    keys_wipe(&first);
    assert_string_equal(get(f, 2), "K2");
}

static void rejected_keys_are_not_returned_again_if_renewal_fails(void **state)
{
    struct fixture *f = *state;
    write_process(f, "[ $n = 1 ] || exit 1", 60);
    open_chain(f);
    assert_string_equal(get(f, 0), "K1");
    credentials_reject(f->chain, &f->keys);
    assert_string_equal(get(f, 1), "");
    write_process(f, "", 60);
    assert_string_equal(get(f, 2000), "K3");
}

static void keys_that_arrive_expired_are_used_nevertheless(void **state)
{
    struct fixture *f = *state; /* our clock may be wrong: the server decides */
    write_process(f, "", 60);
    open_chain(f);
    assert_string_equal(get(f, 600 * MINUTE_MS), "K1");
    assert_string_equal(get(f, 600 * MINUTE_MS + 1), "K2");
}

static void a_clock_set_back_does_not_delay_a_retry(void **state)
{
    struct fixture *f = *state;
    write_process(f, "exit 1", 60);
    open_chain(f);
    assert_string_equal(get(f, 100 * MINUTE_MS), "");
    write_process(f, "", 60);
    assert_string_equal(get(f, 1), "K2");
}

/* ---- several threads ---- */

#define THREADS 4

static void *get_in_thread(void *context)
{
    struct fixture *f = context;
    struct keys *keys = calloc(1, sizeof *keys);
    struct why why = {0};
    *keys = KEYS_NONE;
    enum result res = credentials_get(f->chain, 0, keys, &why);
    if (res == RES_OK) credentials_reject(f->chain, keys);
    return keys;
}

/* Asks in several threads at once; returns how often the process ran in the end. */
static size_t get_in_threads(struct fixture *f, struct keys *answers[THREADS])
{
    pthread_t threads[THREADS];
    char path[200];
    size_t calls = 0;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, get_in_thread, f), 0);
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], (void **)&answers[i]), 0);
    (void)snprintf(path, sizeof path, "%s/calls", f->scratch->dir);
    free(scratch_read(path, &calls));
    return calls;
}

static void threads_that_need_keys_at_once_share_a_failure(void **state)
{
    struct fixture *f = *state;
    struct keys *answers[THREADS];
    write_process(f, "exit 1", 60);
    open_chain(f);
    assert_int_equal(get_in_threads(f, answers), 1);
    for (size_t i = 0; i < THREADS; i++) {
        assert_string_equal(answers[i]->access_key_id, "");
        keys_wipe(answers[i]);
        free(answers[i]);
    }
}

static void threads_that_reject_keys_make_the_next_caller_renew_them(void **state)
{
    struct fixture *f = *state;
    struct keys *answers[THREADS];
    write_process(f, "", 60);
    open_chain(f);
    size_t calls = get_in_threads(f, answers);
    assert_true(calls >= 1 && calls <= THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(answers[i]->access_key_id[0], 'K');
        keys_wipe(answers[i]);
        free(answers[i]);
    }
    char last[8];
    (void)snprintf(last, sizeof last, "K%zu", calls + 1);
    assert_string_equal(get(f, 1), last); /* the last ones were rejected, too */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_source_that_is_configured_answers),
        TEST(an_error_has_a_remedy_and_reveals_no_secret),
        TEST(the_region_comes_from_the_environment_before_the_profile),
        TEST(a_session_token_may_have_64_KB),
        TEST(a_token_file_that_is_a_pipe_is_given_up),
        TEST(a_new_or_changed_file_is_read_before_use),
        TEST(a_changed_file_is_noticed_without_a_search),
        TEST(keys_in_the_environment_itself_never_change),
        TEST(a_half_written_file_leaves_the_present_keys_in_use),
        TEST(keys_that_come_with_another_server_are_not_shown_to_the_old_one),
        TEST(an_STS_that_hangs_is_given_up_when_the_limits_say),
        TEST(an_empty_file_leaves_its_keys_in_use_though_a_later_source_is_set),
        TEST(a_named_file_that_is_empty_is_refused_though_a_later_source_has_keys),
        TEST(a_changed_secret_file_of_the_environment_is_read_again),
        TEST(keys_are_renewed_before_they_expire),
        TEST(keys_serve_until_they_expire_if_renewal_fails),
        TEST(rejected_keys_are_renewed_at_once_and_only_once),
        TEST(rejected_keys_are_not_returned_again_if_renewal_fails),
        TEST(keys_that_arrive_expired_are_used_nevertheless),
        TEST(a_clock_set_back_does_not_delay_a_retry),
        TEST(threads_that_need_keys_at_once_share_a_failure),
        TEST(threads_that_reject_keys_make_the_next_caller_renew_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
