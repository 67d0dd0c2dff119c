/* test_s3_error -- what a refusal means to us, and what a person is told to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/s3_error.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ERROR(code)                                                                                          \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" code "</Code><Message>m</Message></Error>"

/* Sorts an answer about a/key in the bucket `archive`, target as for us-east-1. */
static struct s3_refusal sort_all(enum http_method method, long status, const char *region,
                                  const char *request_id, const char *body, struct why *why)
{
    static const char ours[] = "us-east-1";
    struct http_answer answer = {.status = status, .length = -1};
    (void)snprintf(answer.region, sizeof answer.region, "%s", region);
    (void)snprintf(answer.request_id, sizeof answer.request_id, "%s", request_id);
    buf_append_text(&answer.body, body);
    *why = (struct why){0};
    struct s3_target target = {.bucket = "archive", .key = "a/key", .region = ours, .method = method};
    struct s3_refusal refusal = s3_error_sort(&answer, &target, why);
    http_answer_fini(&answer);
    return refusal;
}

static enum store_answer sort_answer(bool is_head, long status, const char *region, const char *body,
                                     struct why *why)
{
    return sort_all(is_head ? HTTP_HEAD : HTTP_PUT, status, region, "", body, why).answer;
}

static enum store_answer sort(long status, const char *region, const char *body, struct why *why)
{
    return sort_answer(false, status, region, body, why);
}

struct refusal {
    long status;
    const char *region;
    const char *body;
    const char *remedy; /* contains; "" where waiting is all there is */
};

static void check(const struct refusal *rows, size_t count, enum store_answer expected)
{
    for (size_t i = 0; i < count; i++) {
        struct why why;
        enum store_answer meaning = sort(rows[i].status, rows[i].region, rows[i].body, &why);
        if (meaning != expected) fail_msg("%ld %s is %d", rows[i].status, rows[i].body, meaning);
        if (!strstr(why.remedy, rows[i].remedy)) fail_msg("%s: remedy: %s", rows[i].body, why.remedy);
        assert_int_equal(*why.remedy == '\0', *rows[i].remedy == '\0');
        assert_memory_equal(why.text, "archive/a/key: HTTP ", 20);
    }
}

static void a_failure_of_the_server_may_have_stored_the_object(void **state)
{
    static const struct refusal rows[] = {
        {500, "", ERROR("InternalError"), ""},
        {503, "", ERROR("SlowDown"), ""},
        {503, "", ERROR("ServiceUnavailable"), ""},
        {503, "eu-west-1", "", ""},
        {502, "", "<html><body>Bad Gateway</body></html>", ""},
        {504, "", "upstream timed out", ""},
        {507, "", ERROR("AccessDenied"), ""},
        {599, "", "", ""},
        {409, "", ERROR("OperationAborted"), ""},
        {409, "", ERROR("ConditionalRequestConflict"), ""},
        {999, "", "", ""},
        {0, "", "", ""}, /* no final answer */
        {100, "", "", ""},
        {199, "eu-west-1", ERROR("AccessDenied"), ""},
    };
    (void)state;
    check(rows, COUNT(rows), STORE_UNKNOWN);
}

static void a_temporary_error_is_tried_again(void **state)
{
    static const struct refusal rows[] = {
        {408, "", "", ""},
        {429, "", ERROR("TooManyRequests"), ""},
        {400, "", ERROR("SlowDown"), ""},
        {400, "", ERROR("BadDigest"), ""},
        {400, "", ERROR("XAmzContentSHA256Mismatch"), ""},
        {400, "", ERROR("RequestTimeout"), ""},
        {400, "", ERROR("IncompleteBody"), ""},
        {400, "eu-west-1", ERROR("RequestTimeout"), ""},
        {425, "", "", ""},
        {400, "", ERROR("KMS.ThrottlingException"), ""},
        {307, "", ERROR("TemporaryRedirect"), ""}, /* a new bucket, not known everywhere yet */
        {307, "eu-west-1", ERROR("TemporaryRedirect"), ""},
    };
    (void)state;
    check(rows, COUNT(rows), STORE_NOT_NOW);
}

static void an_error_for_a_person_is_refused_with_a_remedy(void **state)
{
    static const struct refusal rows[] = {
        {404, "", ERROR("NoSuchBucket"), "create the bucket archive"},
        {403, "", ERROR("AccessDenied"), "s3:PutObject"},
        {403, "", ERROR("AccessDenied"), "in the bucket archive"},
        {403, "", ERROR("AccessDenied"), "S3_ACL s3:PutObjectAcl"},
        {403, "", ERROR("AccessDenied"), "its policy demands an encryption (S3_SSE)"},
        {400, "", ERROR("AccessControlListNotSupported"), "remove S3_ACL"},
        {400, "", ERROR("AccessControlListNotSupported"), "bucket-owner-full-control"},
        {400, "", ERROR("MalformedACLError"), "remove S3_ACL"},
        {400, "", ERROR("InvalidArgument"), "S3_ACL"},
        {403, "", ERROR("AllAccessDisabled"), "BUCKET_NAME"},
        {403, "", ERROR("InvalidAccessKeyId"), "AWS_ACCESS_KEY_ID"},
        {403, "", ERROR("SignatureDoesNotMatch"), "AWS_SECRET_ACCESS_KEY"},
        {400, "", ERROR("ExpiredToken"), "AWS_SESSION_TOKEN"},
        {400, "", ERROR("InvalidToken"), "AWS_SESSION_TOKEN"},
        {400, "eu-west-1", ERROR("ExpiredToken"),
         "AWS_SESSION_TOKEN"}, /* the region is right: it is only named */
        {400, "eu-west-1", ERROR("InvalidToken"), "AWS_SESSION_TOKEN"},
        {403, "", ERROR("RequestTimeTooSkewed"), "clock"},
        {301, "", ERROR("PermanentRedirect"), "AWS_REGION"},
        {301, "eu-west-1", ERROR("PermanentRedirect"), "AWS_REGION=eu-west-1"},
        {301, "eu-west-1", "", "AWS_REGION=eu-west-1"}, /* a HEAD has no body */
        {400, "eu-west-1", "", "AWS_REGION=eu-west-1"},
        {400, "eu-west-1", ERROR("AuthorizationHeaderMalformed"), "AWS_REGION=eu-west-1"},
        {400, "", ERROR("AuthorizationHeaderMalformed"), "AWS_REGION to the region of the bucket archive"},
        {400, "", ERROR("InvalidBucketName"), "BUCKET_NAME: archive"},
        {400, "", ERROR("SomethingNew"), "documentation"},
        {403, "", "", "check BUCKET_NAME, the keys"},
        {404, "", "<html><body>not found</body></html>", "AWS_ENDPOINT_URL"},
        {405, "", ERROR("MethodNotAllowed"), "AWS_ENDPOINT_URL"},
        {301, "", "<html>moved</html>", "AWS_ENDPOINT_URL"},
        {302, "", "", "https://"},
        {307, "", "", "AWS_ENDPOINT_URL"},
        {308, "", "", "AWS_ENDPOINT_URL"},
        {407, "", "", "proxy's user and password"},
        {413, "", "<html>Request Entity Too Large</html>", "MAX_FILE_SIZE"},
        {400, "", ERROR("EntityTooLarge"), "MAX_FILE_SIZE"},
        {400, "", ERROR("KeyTooLongError"), "PREFIX"},
        {403, "", ERROR("QuotaExceeded"), "quota"},
        {501, "", ERROR("NotImplemented"), "S3_TAGS"},
        {400, "me-south-1", ERROR("IllegalLocationConstraintException"), "AWS_REGION=me-south-1"},
        {400, "", "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>",
         "AWS_REGION=eu-west-1"},
        {301, "evil.example/x", ERROR("PermanentRedirect"), "AWS_REGION to the region of the bucket archive"},
        {301, "us-east-1", ERROR("PermanentRedirect"),
         "AWS_ENDPOINT_URL"}, /* it was target as for this one */
        {301, "us-east-1", "", "AWS_ENDPOINT_URL"},
        {400, "us-east-1", ERROR("AuthorizationHeaderMalformed"), "AWS_ENDPOINT_URL"},
        {400, "us-east-1", "", "check BUCKET_NAME, the keys"},
        {400, "", ERROR("ExpiredTokenException"), "AWS_SESSION_TOKEN"},
        {400, "", ERROR("TokenRefreshRequired"), "AWS_SESSION_TOKEN"},
        {400, "", ERROR("InvalidArgument"), "S3_STORAGE_CLASS"},
        {400, "", ERROR("InvalidRequest"), "S3_SSE_KMS_KEY_ID"},
        {400, "",
         "<Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is required "
         "for "
         "Put Object requests with Object Lock parameters</Message></Error>",
         "removes the header Content-MD5"},
        {400, "", ERROR("InvalidBucketOwnerAWSAccountID"), "S3_EXPECTED_BUCKET_OWNER"},
        {400, "", ERROR("XMinioInvalidObjectName"), "PREFIX"},
    };
    (void)state;
    check(rows, COUNT(rows), STORE_REFUSED);
}

/* The answer to a HEAD has no body, so no cause either: what it is about can only be found out by an upload. */
static void a_head_that_is_refused_without_cause_has_a_remedy(void **state)
{
    static const struct refusal rows[] = {
        {400, "us-east-1", "", "`eventspool check`"},
        {400, "us-east-1", "", "AWS_SESSION_TOKEN"},
        {400, "", "", "`eventspool check`"},
        {405, "", "", "`eventspool check`"},
        {400, "eu-west-1", "", "AWS_REGION=eu-west-1"},
        {301, "eu-west-1", "", "AWS_REGION=eu-west-1"},
        {301, "", "", "AWS_ENDPOINT_URL"},
        {407, "", "", "proxy's user and password"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why;
        assert_int_equal(sort_answer(true, rows[i].status, rows[i].region, "", &why), STORE_CANNOT_CHECK);
        if (!strstr(why.remedy, rows[i].remedy)) fail_msg("%ld: %s", rows[i].status, why.remedy);
        if (strstr(why.remedy, "AWS_REGION=us-east-1")) fail_msg("as it is: %s", why.remedy);
    }
}

/* What the code and the message hold stays in one line, and whole characters of it. */
static void an_answer_cannot_control_the_screen(void **state)
{
    struct why why;
    (void)state;
    (void)sort(
        403, "",
        "<Error><Code>No&#x9b;2J</Code><Message>a\nok      forged &#x202e;txt\xe2\x80\xa8</Message></Error>",
        &why);
    assert_string_equal(why.text,
                        "archive/a/key: HTTP 403 No\\u009b2J: a\\x0aok      forged \\u202etxt\\u2028");
    struct buf body = BUF_EMPTY;
    buf_append_text(&body, "<Error><Code>X</Code><Message>");
    for (int i = 0; i < 200; i++) buf_append_text(&body, "\xe2\x82\xac");
    buf_append(&body, "</Message></Error>", sizeof "</Message></Error>");
    (void)sort(403, "", body.data, &why);
    assert_null(strchr(why.text, '\\'));
    buf_fini(&body);
}

static void the_servers_retry_after_is_honoured_within_limits(void **state)
{
    static const struct {
        const char *retry_after, *date;
        int64_t wait_ms;
    } rows[] = {
        {"", "", 0},
        {"0", "", 0},
        {"3", "", 3000},
        {"299", "", 299000},
        {"301", "", S3_WAIT_MAX_MS},
        {"99999999999999999999999999", "", S3_WAIT_MAX_MS},
        {"-3", "", 0},
        {"soon", "", 0},
        {"3 seconds", "", 0},
        {"Sun, 06 Nov 1994 08:49:47 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", 10000},
        {"Sun, 06 Nov 1994 08:49:27 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Sun, 06 Nov 2094 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", S3_WAIT_MAX_MS},
        {"Sun, 06 Nov 1994 08:49:47 GMT", "", 7000}, /* now_s is 08:49:40 */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_answer answer = {.status = 503};
        (void)snprintf(answer.retry_after, sizeof answer.retry_after, "%s", rows[i].retry_after);
        (void)snprintf(answer.date, sizeof answer.date, "%s", rows[i].date);
        int64_t wait_ms = s3_error_wait_ms(&answer, 784111780);
        if (wait_ms != rows[i].wait_ms) fail_msg("%s: %d", rows[i].retry_after, (int)wait_ms);
    }
}

static void the_explanation_names_status_code_and_message(void **state)
{
    static const struct {
        const char *body;
        const char *text;
    } rows[] = {
        {ERROR("AccessDenied"), "archive/a/key: HTTP 403 AccessDenied: m"},
        {"<Error><Code>AccessDenied</Code></Error>", "archive/a/key: HTTP 403 AccessDenied"},
        {"<Error xmlns='u'><Message>no &amp; no</Message></Error>", "archive/a/key: HTTP 403: no & no"},
        {"<Error><Code><![CDATA[Acc]]>ess</Code><Inner><Message>not this</Message></Inner></Error>",
         "archive/a/key: HTTP 403 Access"},
        {"", "archive/a/key: HTTP 403"},
        {" ", "archive/a/key: HTTP 403"},
        {"{\"error\": \"json\"}", "archive/a/key: HTTP 403"},
        {"<html><p>unclosed", "archive/a/key: HTTP 403"},
        {"<Error><Code>Cut", "archive/a/key: HTTP 403"},
        {"<Error/>", "archive/a/key: HTTP 403"},
        {"\xFF\xFE\x01", "archive/a/key: HTTP 403"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why;
        assert_int_equal(sort(403, "", rows[i].body, &why), STORE_REFUSED);
        assert_string_equal(why.text, rows[i].text);
    }
}

static void a_field_is_cut_to_the_size_of_its_buffer(void **state)
{
    char body[400];
    char code[S3_CODE_SIZE];
    struct http_answer answer = {0};
    (void)state;
    (void)snprintf(body, sizeof body, "<Error><Code>%0300d</Code></Error>", 0);
    buf_append_text(&answer.body, body);
    s3_error_field(&answer, "Code", code, sizeof code);
    assert_int_equal(strlen(code), sizeof code - 1);
    s3_error_field(&answer, "Absent", code, sizeof code);
    assert_string_equal(code, "");
    http_answer_fini(&answer);
}

enum { FROM_STORE = 1, AUTHENTIC = 2 };

/* Whose trouble each answer is, and what else it proves. */
static void each_refusal_has_a_scope_and_says_who_has_answered(void **state)
{
    static const struct {
        long status;
        const char *request_id, *body, *code;
        enum scope scope;
        unsigned proves;
    } rows[] = {
        /* the server, or something on the way to it */
        {500, "", ERROR("InternalError"), "InternalError", SCOPE_ENDPOINT, 0},
        {503, "id", ERROR("SlowDown"), "SlowDown", SCOPE_ENDPOINT, 0},
        {400, "id", ERROR("SlowDown"), "SlowDown", SCOPE_ENDPOINT, 0},
        {400, "id", ERROR("RequestTimeout"), "RequestTimeout", SCOPE_ENDPOINT, 0},
        {400, "id", ERROR("ThrottlingException"), "ThrottlingException", SCOPE_ENDPOINT, 0},
        {502, "", "<html>Bad Gateway</html>", "", SCOPE_ENDPOINT, 0},
        {507, "id", ERROR("AccessDenied"), "AccessDenied", SCOPE_ENDPOINT, 0},
        {501, "", "<html>no</html>", "", SCOPE_ENDPOINT, 0},
        {429, "id", ERROR("TooManyRequests"), "TooManyRequests", SCOPE_ENDPOINT, 0},
        {408, "", "", "", SCOPE_ENDPOINT, 0},
        {425, "", "", "", SCOPE_ENDPOINT, 0},
        {407, "", "", "", SCOPE_ENDPOINT, 0},
        {301, "id", ERROR("PermanentRedirect"), "PermanentRedirect", SCOPE_ENDPOINT, 0},
        {307, "id", ERROR("TemporaryRedirect"), "TemporaryRedirect", SCOPE_ENDPOINT, 0},
        {302, "", "", "", SCOPE_ENDPOINT, 0},
        {403, "", "<html>Forbidden</html>", "", SCOPE_ENDPOINT, 0},
        {404, "", "<html>Not Found</html>", "", SCOPE_ENDPOINT, 0},
        {404, "", "", "", SCOPE_ENDPOINT, 0},
        {400, "", "", "", SCOPE_ENDPOINT, 0},
        {405, "", "", "", SCOPE_ENDPOINT, 0},
        {409, "", "", "", SCOPE_ENDPOINT, 0},
        /* who we are */
        {400, "", ERROR("ExpiredToken"), "ExpiredToken", SCOPE_IDENTITY, FROM_STORE},
        {400, "", ERROR("ExpiredTokenException"), "ExpiredTokenException", SCOPE_IDENTITY, FROM_STORE},
        {400, "", ERROR("TokenRefreshRequired"), "TokenRefreshRequired", SCOPE_IDENTITY, FROM_STORE},
        {400, "", ERROR("InvalidToken"), "InvalidToken", SCOPE_IDENTITY, FROM_STORE},
        {403, "", ERROR("InvalidAccessKeyId"), "InvalidAccessKeyId", SCOPE_IDENTITY, FROM_STORE},
        {403, "", ERROR("SignatureDoesNotMatch"), "SignatureDoesNotMatch", SCOPE_IDENTITY, FROM_STORE},
        {403, "", ERROR("RequestTimeTooSkewed"), "RequestTimeTooSkewed", SCOPE_IDENTITY, FROM_STORE},
        {400, "", ERROR("AuthorizationHeaderMalformed"), "AuthorizationHeaderMalformed", SCOPE_IDENTITY,
         FROM_STORE},
        /* what may be put under a prefix */
        {403, "", ERROR("AccessDenied"), "AccessDenied", SCOPE_KIND, FROM_STORE | AUTHENTIC},
        {403, "", "", "", SCOPE_KIND, FROM_STORE}, /* all that a small server says */
        {403, "id", "<html>Forbidden</html>", "", SCOPE_KIND, FROM_STORE},
        {404, "", ERROR("NoSuchBucket"), "NoSuchBucket", SCOPE_KIND, FROM_STORE},
        {403, "", ERROR("AllAccessDisabled"), "AllAccessDisabled", SCOPE_KIND, FROM_STORE},
        {403, "", ERROR("AccountProblem"), "AccountProblem", SCOPE_KIND, FROM_STORE},
        {403, "", ERROR("NotSignedUp"), "NotSignedUp", SCOPE_KIND, FROM_STORE},
        {403, "", ERROR("QuotaExceeded"), "QuotaExceeded", SCOPE_KIND, FROM_STORE | AUTHENTIC},
        {400, "", ERROR("IllegalLocationConstraintException"), "IllegalLocationConstraintException",
         SCOPE_KIND, FROM_STORE},
        {400, "", ERROR("InvalidBucketOwnerAWSAccountID"), "InvalidBucketOwnerAWSAccountID", SCOPE_KIND,
         FROM_STORE},
        {501, "", ERROR("NotImplemented"), "NotImplemented", SCOPE_KIND, FROM_STORE},
        {400, "", ERROR("InvalidStorageClass"), "InvalidStorageClass", SCOPE_KIND, FROM_STORE},
        {400, "", ERROR("AccessControlListNotSupported"), "AccessControlListNotSupported", SCOPE_KIND,
         FROM_STORE},
        {400, "", ERROR("InvalidEncryptionAlgorithmError"), "InvalidEncryptionAlgorithmError", SCOPE_KIND,
         FROM_STORE},
        {400, "", ERROR("KMS.NotFoundException"), "KMS.NotFoundException", SCOPE_KIND,
         FROM_STORE | AUTHENTIC},
        {400, "", ERROR("KMS.DisabledException"), "KMS.DisabledException", SCOPE_KIND,
         FROM_STORE | AUTHENTIC},
        {400, "", ERROR("KMS.KMSInvalidStateException"), "KMS.KMSInvalidStateException", SCOPE_KIND,
         FROM_STORE | AUTHENTIC},
        {400, "", ERROR("KMS.ThrottlingException"), "KMS.ThrottlingException", SCOPE_KIND,
         FROM_STORE | AUTHENTIC},
        {400, "", ERROR("InvalidBucketName"), "InvalidBucketName", SCOPE_KIND, FROM_STORE},
        {400, "", ERROR("SomethingNew"), "SomethingNew", SCOPE_KIND, FROM_STORE},
        {404, "id", "", "", SCOPE_KIND, FROM_STORE},
        /* this object */
        {413, "", "<html>too large</html>", "", SCOPE_BATCH, 0},
        {413, "id", "", "", SCOPE_BATCH, FROM_STORE},
        {400, "", ERROR("EntityTooLarge"), "EntityTooLarge", SCOPE_BATCH, FROM_STORE | AUTHENTIC},
        {400, "", ERROR("KeyTooLongError"), "KeyTooLongError", SCOPE_BATCH, FROM_STORE | AUTHENTIC},
        {400, "", ERROR("XMinioInvalidObjectName"), "XMinioInvalidObjectName", SCOPE_BATCH,
         FROM_STORE | AUTHENTIC},
        {400, "", ERROR("InvalidArgument"), "InvalidArgument", SCOPE_BATCH, FROM_STORE | AUTHENTIC},
        {400, "", ERROR("InvalidRequest"), "InvalidRequest", SCOPE_BATCH, FROM_STORE | AUTHENTIC},
        {400, "", ERROR("InvalidTag"), "InvalidTag", SCOPE_BATCH, FROM_STORE | AUTHENTIC},
        {400, "", ERROR("BadDigest"), "BadDigest", SCOPE_BATCH, FROM_STORE | AUTHENTIC},
        {400, "", ERROR("IncompleteBody"), "IncompleteBody", SCOPE_BATCH, FROM_STORE | AUTHENTIC},
        {409, "", ERROR("OperationAborted"), "OperationAborted", SCOPE_BATCH, FROM_STORE | AUTHENTIC},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why;
        struct s3_refusal r = sort_all(HTTP_PUT, rows[i].status, "", rows[i].request_id, rows[i].body, &why);
        unsigned proves = (r.is_from_store ? FROM_STORE : 0U) | (r.is_authentic ? AUTHENTIC : 0U);
        if (r.cause.scope != rows[i].scope)
            fail_msg("%ld %s: scope %d", rows[i].status, rows[i].body, r.cause.scope);
        if (proves != rows[i].proves) fail_msg("%ld %s proves %u", rows[i].status, rows[i].body, proves);
        assert_int_equal(r.cause.status, rows[i].status);
        assert_string_equal(r.cause.code, rows[i].code);
    }
}

/* Never a reason to stand still: what is wrong, the answer to the PUT tells. */
static void a_refused_look_only_says_that_it_cannot_be_checked(void **state)
{
    static const struct {
        long status;
        enum store_answer answer;
    } rows[] = {
        {301, STORE_CANNOT_CHECK}, {400, STORE_CANNOT_CHECK}, {401, STORE_CANNOT_CHECK},
        {403, STORE_CANNOT_CHECK}, {405, STORE_CANNOT_CHECK}, {407, STORE_CANNOT_CHECK},
        {409, STORE_CANNOT_CHECK}, {412, STORE_CANNOT_CHECK}, {501, STORE_CANNOT_CHECK},
        {408, STORE_NOT_NOW},      {429, STORE_NOT_NOW},      {500, STORE_NOT_NOW},
        {502, STORE_NOT_NOW},      {503, STORE_NOT_NOW},      {504, STORE_NOT_NOW},
    };
    static const enum http_method methods[] = {HTTP_HEAD, HTTP_GET};
    (void)state;
    for (size_t i = 0; i < COUNT(rows) * COUNT(methods); i++) {
        struct why why;
        long status = rows[i / COUNT(methods)].status;
        struct s3_refusal r = sort_all(methods[i % COUNT(methods)], status, "", "", "", &why);
        if (r.answer != rows[i / COUNT(methods)].answer) fail_msg("%ld is %d", status, r.answer);
    }
}

static void only_a_vague_refusal_may_be_about_the_condition(void **state)
{
    static const struct {
        int status;
        const char *code;
        bool may_be;
    } rows[] = {
        {501, "NotImplemented", true},
        {501, "", true},
        {400, "", true},
        {403, "", true},
        {405, "", true},
        {405, "MethodNotAllowed", true},
        {403, "AccessDenied", true},
        {400, "InvalidArgument", true},
        {400, "InvalidRequest", true},
        {400, "SomethingNew", true},
        {404, "", false},
        {404, "NoSuchBucket", false},
        {413, "", false},
        {400, "EntityTooLarge", false},
        {403, "InvalidAccessKeyId", false},
        {403, "SignatureDoesNotMatch", false},
        {400, "ExpiredToken", false},
        {403, "RequestTimeTooSkewed", false},
        {403, "QuotaExceeded", false},
        {400, "AccessControlListNotSupported", false},
        {400, "KMS.NewException", false},
        {400, "BadDigest", false},
        {400, "SlowDown", false},
        {301, "", false},
        {407, "", false},
        {503, "", false},
        {0, "NoCredentials", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cause cause = {.scope = SCOPE_KIND, .status = rows[i].status};
        (void)snprintf(cause.code, sizeof cause.code, "%s", rows[i].code);
        if (s3_error_may_be_condition(&cause) != rows[i].may_be)
            fail_msg("%d %s", rows[i].status, rows[i].code);
    }
}

static void an_answer_that_is_not_s3s_is_the_endpoints_trouble(void **state)
{
    struct http_answer answer = {.status = 200};
    struct why why = {0};
    (void)state;
    struct s3_refusal refusal = s3_error_not_s3(&answer, "without an ETag", &why);
    assert_int_equal(refusal.answer, STORE_NOT_NOW);
    assert_int_equal(refusal.cause.scope, SCOPE_ENDPOINT);
    assert_false(refusal.is_from_store || refusal.is_authentic);
    assert_string_equal(why.text, "HTTP 200 without an ETag: what answers is no S3 server");
    assert_non_null(strstr(why.remedy, "AWS_ENDPOINT_URL is an S3 server"));
}

/*
 * Entities of entities, 10 by 10: a billion texts if they were expanded; and one file that is none of their business.
 */
static void entities_in_a_body_neither_explode_nor_read_files(void **state)
{
    static const char *const ends[] = {
        "<Error><Code>&e9;</Code><Message>&e9;</Message></Error>",
        "<Error a='&e9;'><Code>AccessDenied</Code></Error>",
        "<Error><Code>&file;</Code><Message>&file;</Message></Error>",
        "<Error><Code>&e5;&e5;&e5;&e5;&e5;&e5;&e5;&e5;&e5;&e5;&e5;&e5;</Code></Error>",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct buf body = BUF_EMPTY;
        struct why why;
        buf_append_text(&body, "<!DOCTYPE Error [<!ENTITY file SYSTEM '/etc/passwd'><!ENTITY e0 'lol'>");
        for (int n = 1; n < 10; n++) {
            buf_append_format(&body, "<!ENTITY e%d '", n);
            for (int j = 0; j < 10; j++) buf_append_format(&body, "&e%d;", n - 1);
            buf_append_text(&body, "'>");
        }
        buf_append_text(&body, "]>");
        buf_append(&body, ends[i], strlen(ends[i]) + 1);
        int64_t before = clock_monotonic_ms();
        assert_int_equal(sort(403, "", body.data, &why), STORE_REFUSED);
        assert_true(clock_monotonic_ms() - before < 1000);
        assert_null(strstr(why.text, "root"));
        assert_null(strstr(why.text, "lol"));
        buf_fini(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_of_the_server_may_have_stored_the_object),
        cmocka_unit_test(a_temporary_error_is_tried_again),
        cmocka_unit_test(an_error_for_a_person_is_refused_with_a_remedy),
        cmocka_unit_test(a_head_that_is_refused_without_cause_has_a_remedy),
        cmocka_unit_test(each_refusal_has_a_scope_and_says_who_has_answered),
        cmocka_unit_test(a_refused_look_only_says_that_it_cannot_be_checked),
        cmocka_unit_test(only_a_vague_refusal_may_be_about_the_condition),
        cmocka_unit_test(an_answer_that_is_not_s3s_is_the_endpoints_trouble),
        cmocka_unit_test(an_answer_cannot_control_the_screen),
        cmocka_unit_test(the_servers_retry_after_is_honoured_within_limits),
        cmocka_unit_test(the_explanation_names_status_code_and_message),
        cmocka_unit_test(a_field_is_cut_to_the_size_of_its_buffer),
        cmocka_unit_test(entities_in_a_body_neither_explode_nor_read_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
