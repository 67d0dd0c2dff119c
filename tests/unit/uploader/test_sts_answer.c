/* test_sts_answer -- what STS, or whatever answers for it, may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/credentials/sts_answer.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ROLE         "arn:aws:iam::123456789012:role/r"
#define KEYS(id, token, expiration)                                                                          \
    "<AssumeRoleResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><AssumeRoleResult><Credentials>"  \
    "<AccessKeyId>" id "</AccessKeyId><SecretAccessKey>SECRET</SecretAccessKey><SessionToken>" token         \
    "</SessionToken><Expiration>" expiration                                                                 \
    "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
#define ERROR(code, message)                                                                                 \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message                        \
    "</Message></Error><RequestId>r</RequestId></ErrorResponse>"

static enum result answer(long status, const char *body, struct keys *keys, struct why *why)
{
    struct http_answer answer = {.status = status, .length = -1};
    buf_append_text(&answer.body, body);
    *why = (struct why){0};
    enum result res = sts_answer_read(&answer, ROLE, keys, why);
    buf_fini(&answer.body);
    return res;
}

static void keys_are_read_with_their_end(void **state)
{
    struct keys keys = KEYS_NONE;
    struct why why;
    (void)state;
    assert_int_equal(answer(200, KEYS("ASIA", "TOKEN", "2031-05-04T10:11:12Z"), &keys, &why), RES_OK);
    assert_string_equal(keys.access_key_id, "ASIA");
    assert_string_equal(keys.secret_access_key, "SECRET");
    assert_string_equal(keys.session_token, "TOKEN");
    assert_int_equal(keys.expires_at, 1935655872000);
    keys_wipe(&keys);
}

static void what_is_no_set_of_keys_leaves_none(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html><body>Log in</body></html>",
        KEYS("", "TOKEN", "2031-05-04T10:11:12Z"),
        KEYS("AS&#10;IA", "TOKEN", "2031-05-04T10:11:12Z"),
        KEYS("ASIA", "", "2031-05-04T10:11:12Z"),
        KEYS("ASIA", "TOKEN", ""),
        KEYS("ASIA", "TOKEN", "9999999-05-04T10:11:12Z"),
        KEYS("ASIA", "TOKEN", "2031-05-04T10:11:12+99:99"),
        "<!DOCTYPE x [<!ENTITY t 'TOKEN'>]>" KEYS("ASIA", "&t;", "2031-05-04T10:11:12Z"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct keys keys;
        struct why why;
        assert_int_equal(keys_set((keys = KEYS_NONE, &keys), "OLD", "OLD", "OLD", &why), RES_OK);
        assert_int_equal(answer(200, bodies[i], &keys, &why), RES_RETRY);
        assert_string_equal(keys.access_key_id, "");
        assert_string_equal(keys.secret_access_key, "");
        assert_null(keys.session_token);
        assert_int_equal(keys.expires_at, KEYS_FOREVER);
        assert_non_null(strstr(why.remedy, "STS"));
    }
}

static void a_refusal_is_one_printable_line_without_the_request(void **state)
{
    struct keys keys = KEYS_NONE;
    struct why why;
    (void)state;
    assert_int_equal(
        answer(403, ERROR("AccessDenied", "no&#x9b;2J &#x202e;\nWebIdentityToken=SECRET"), &keys, &why),
        RES_RETRY);
    assert_string_equal(why.text, "HTTP 403 AccessDenied: no\\u009b2J \\u202e");
    assert_non_null(strstr(why.remedy, "let the trust policy of " ROLE));
    assert_int_equal(answer(400, ERROR("Throttling", "slow"), &keys, &why), RES_RETRY);
    assert_string_equal(why.remedy, "");
    assert_int_equal(answer(999, "", &keys, &why), RES_RETRY);
    assert_string_equal(why.remedy, "");
    assert_int_equal(answer(0, "", &keys, &why), RES_RETRY);
    assert_string_not_equal(why.remedy, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_with_their_end),
        cmocka_unit_test(what_is_no_set_of_keys_leaves_none),
        cmocka_unit_test(a_refusal_is_one_printable_line_without_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
