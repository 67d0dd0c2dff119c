/* test_keys -- keys as a value: what is taken for one, when it ends, and the JSON that gives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/http/keys.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MINUTE_MS    60000LL

static void keys_age_and_end_at_fixed_times_before_they_expire(void **state)
{
    const int64_t end = 100 * MINUTE_MS;
    const struct {
        int64_t now_at;
        enum keys_age age;
    } rows[] = {
        {0, KEYS_FRESH},
        {end - 5 * MINUTE_MS - 1, KEYS_FRESH},
        {end - 5 * MINUTE_MS, KEYS_AGEING},
        {end - 10001, KEYS_AGEING},
        {end - 10000, KEYS_ENDED},
        {end, KEYS_ENDED},
        {end + 1000 * MINUTE_MS, KEYS_ENDED},
    };
    struct keys keys = {.expires_at = end};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) assert_int_equal(keys_age(&keys, rows[i].now_at), rows[i].age);
    keys.expires_at = KEYS_FOREVER;
    assert_int_equal(keys_age(&keys, INT64_MAX), KEYS_FRESH);
    keys.expires_at = 0; /* nonsense from a source: they are used once, not trusted for long */
    assert_int_equal(keys_age(&keys, 0), KEYS_ENDED);
}

static void an_invalid_key_is_refused_without_being_repeated(void **state)
{
    static char long_token[KEYS_TOKEN_MAX + 2];
    static const struct {
        const char *id, *secret, *token;
    } rows[] = {{NULL, "s", NULL},  {"", "s", NULL},         {"a", NULL, NULL},      {"a b", "s", NULL},
                {"a", "s\n", NULL}, {"a", "s", "t\r\nX: y"}, {"a", "s", long_token}, {"\xC3\xA4", "s", NULL}};
    struct keys keys = KEYS_NONE;
    struct why why;
    (void)state;
    memset(long_token, 'x', sizeof long_token - 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(keys_set(&keys, rows[i].id, rows[i].secret, rows[i].token, &why), RES_REFUSE);
        assert_null(strstr(why.text, "X: y"));
        assert_string_equal(keys.secret_access_key, "");
    }
    assert_int_equal(keys_set(&keys, "a", "s", "", &why), RES_OK);
    assert_null(keys.session_token);
    assert_true(keys.expires_at == KEYS_FOREVER);
    keys_wipe(&keys);
}

static void a_refusal_says_how_long_a_token_is(void **state)
{
    static char token[KEYS_TOKEN_MAX + 2];
    struct keys keys = KEYS_NONE;
    struct why why = {0};
    (void)state;
    memset(token, 'x', KEYS_TOKEN_MAX + 1);
    assert_int_equal(keys_set(&keys, "a", "s", token, &why), RES_REFUSE);
    assert_string_equal(why.text,
                        "the session token is too long: it has 65537 characters, and 65536 are possible");
    assert_int_equal(keys_set(&keys, "a", "s", "to ken", &why), RES_REFUSE);
    assert_string_equal(why.text, "the session token has a character that no key has, at 3");
    assert_int_equal(keys_set(&keys, "", "s", NULL, &why), RES_REFUSE);
    assert_string_equal(why.text, "the access key id is empty");
    token[KEYS_TOKEN_MAX] = '\0';
    assert_int_equal(keys_set(&keys, "a", "s", token, &why), RES_OK);
    assert_string_equal(keys.session_token, token);
    keys_wipe(&keys);
}

static void copies_own_their_token(void **state)
{
    struct keys first = KEYS_NONE;
    struct keys second = KEYS_NONE;
    struct why why = {0};
    (void)state;
    assert_int_equal(keys_set(&first, "a", "s", "t", &why), RES_OK);
    assert_int_equal(keys_set(&second, "b", "s", "u", &why), RES_OK);
    keys_copy(&second, &first);
    assert_true(keys_are_same(&first, &second));
    keys_wipe(&first);
    assert_string_equal(second.session_token, "t");
    assert_false(keys_are_same(&first, &second));
    keys_copy(&second, &first);
    assert_null(second.session_token);
    assert_true(keys_are_same(&first, &second));
}

static enum result parse(struct keys *keys, const char *json, struct why *why)
{
    struct buf buf = BUF_EMPTY;
    buf_append_text(&buf, json);
    enum result res = keys_parse_json(keys, &buf, "Token", why);
    buf_fini(&buf);
    return res;
}

static void keys_are_parsed_from_json_with_their_expiry(void **state)
{
    struct keys keys = KEYS_NONE;
    struct why why;
    (void)state;
    assert_int_equal(parse(&keys,
                           "{\"Code\":\"Success\",\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s/+\\u003d\","
                           "\"Token\":\"t\",\"Expiration\":\"2031-05-04T10:11:12Z\"}",
                           &why),
                     RES_OK);
    assert_string_equal(keys.access_key_id, "a");
    assert_string_equal(keys.secret_access_key, "s/+=");
    assert_string_equal(keys.session_token, "t");
    assert_true(keys.expires_at == 1935655872000);
    assert_int_equal(parse(&keys, "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\"}", &why), RES_OK);
    assert_true(keys.expires_at == KEYS_FOREVER);
    keys_wipe(&keys);
}

static void invalid_json_is_refused_with_the_name_of_the_member(void **state)
{
    static const struct {
        const char *json, *says;
    } rows[] = {
        {"", "not a JSON object"},
        {"<html>", "not a JSON object"},
        {"[]", "not a JSON object"},
        {"{", "not a JSON object"},
        {"{}", "AccessKeyId"},
        {"{\"Code\":\"AssumeRoleUnauthorizedAccess\"}", "AccessKeyId"},
        {"{\"AccessKeyId\":1,\"SecretAccessKey\":\"s\"}", "AccessKeyId"},
        {"{\"AccessKeyId\":\"a\"}", "SecretAccessKey"},
        {"{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"\"}", "secret access key"},
        {"{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"TOPSECRET\",\"Expiration\":\"soon\"}", "Expiration"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct keys keys = KEYS_NONE;
        struct why why = {0};
        assert_int_equal(parse(&keys, rows[i].json, &why), RES_REFUSE);
        if (!strstr(why.text, rows[i].says)) fail_msg("%s: %s", rows[i].json, why.text);
        assert_null(strstr(why.text, "TOPSECRET"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_age_and_end_at_fixed_times_before_they_expire),
        cmocka_unit_test(an_invalid_key_is_refused_without_being_repeated),
        cmocka_unit_test(a_refusal_says_how_long_a_token_is),
        cmocka_unit_test(copies_own_their_token),
        cmocka_unit_test(keys_are_parsed_from_json_with_their_expiry),
        cmocka_unit_test(invalid_json_is_refused_with_the_name_of_the_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
