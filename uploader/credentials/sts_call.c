/* sts_call -- see sts_call.h. */
#include "uploader/credentials/sts_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/credentials/sts_target.h"
#include "uploader/http/headers.h"
#include "uploader/http/server_time.h"
#include "uploader/http/sigv4.h"
#include "uploader/http/xml_answer.h"

#define CODE_SIZE      64
#define CLOCK_WRONG_MS (2 * 60000)

/* ---- the request ---- */

/* The headers; without keys there is no signature. False: cannot be signed. */
static bool make_headers(const struct sts_target *target, const struct keys *keys, const struct buf *form,
                         int64_t now_at, struct headers *headers)
{
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    char sha256[SIGV4_HEX_SHA256_SIZE];
    headers_add(headers, "host", "%s", target->host);
    headers_add(headers, "content-type", "application/x-www-form-urlencoded; charset=utf-8");
    if (!keys) return true;
    sigv4_timestamp(now_at / 1000, timestamp);
    sigv4_hex_sha256(form->data, form->len, sha256);
    headers_add(headers, "x-amz-date", "%s", timestamp);
    if (keys->session_token) headers_add(headers, "x-amz-security-token", "%s", keys->session_token);
    struct sigv4_keys signing = {keys->access_key_id, keys->secret_access_key, keys->session_token};
    struct sigv4_request request = {.method = "POST",
                                    .path = "/",
                                    .query = "",
                                    .payload_sha256 = sha256,
                                    .region = target->region,
                                    .service = "sts",
                                    .at_s = now_at / 1000};
    return headers_sign(headers, &request, &signing);
}

/* RES_OK: there is an answer. `answer` needs http_answer_fini() in any case. */
static enum result send_form(struct source_query *query, const struct sts_target *target,
                             const struct keys *keys, const struct buf *form, int64_t now_at, int timeout_ms,
                             struct http_answer *answer, struct why *why)
{
    struct headers headers = {.count = 0};
    *answer = (struct http_answer){.status = 0};
    enum result res = RES_OK;
    if (!make_headers(target, keys, form, now_at, &headers)) {
        (void)why_remedy(why, RES_REFUSE, "look for control characters in the source's keys");
        res = why_set(why, RES_REFUSE, "cannot sign the request to %s", target->host);
    } else {
        struct http_request request = {.method = HTTP_POST,
                                       .url = target->url,
                                       .headers = (const char *const *)headers.lines,
                                       .body = form,
                                       .timeout_ms = timeout_ms};
        enum http_outcome outcome = http_do(query->http, &request, answer, why);
        if (outcome == HTTP_UNTRUSTED)
            (void)why_remedy(why, RES_RETRY,
                             "set AWS_CA_BUNDLE to a file with the certificate of the authority that signed "
                             "the certificate of %s",
                             target->host);
        if (outcome != HTTP_ANSWERED) res = why_wrap(why, RES_RETRY, "%s", target->url);
    }
    headers_fini(&headers);
    return res;
}

/* ---- the answer ---- */

/* May the server have refused the request because of its time? */
static bool is_about_time(const struct http_answer *answer)
{
    static const char *const codes[] = {"SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed"};
    char code[CODE_SIZE];
    bool is_one = false;
    struct xml_answer *document = xml_answer_parse(&answer->body);
    xml_answer_text(document, "Code", code, sizeof code);
    xml_answer_free(document);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) is_one |= strcmp(code, codes[i]) == 0;
    return is_one;
}

/* Takes the server's time, if it differs from ours by more than a signature may. */
static bool finds_clock_wrong(const struct http_answer *answer, int64_t *now_at)
{
    int64_t server_s = 0;
    if (!server_time_read(answer->date, &server_s)) return false;
    bool is_wrong = llabs(server_s * 1000 - *now_at) > CLOCK_WRONG_MS;
    if (is_wrong) *now_at = server_s * 1000;
    return is_wrong;
}

enum result sts_call(struct source_query *query, const struct buf *form, const struct keys *keys,
                     int timeout_ms, struct http_answer *answer, struct why *why)
{
    struct sts_target target;
    int64_t now_at = query->now_at;
    bool is_again = false;
    *answer = (struct http_answer){.status = 0};
    enum result res = sts_target_find(query->connection, &target, why);
    if (res != RES_OK) return res;
    for (;;) {
        res = send_form(query, &target, keys, form, now_at, timeout_ms, answer, why);
        if (res != RES_OK || is_again || !is_about_time(answer) || !finds_clock_wrong(answer, &now_at))
            return res;
        is_again = true;
        http_answer_fini(answer);
        why_clear(why);
    }
}
