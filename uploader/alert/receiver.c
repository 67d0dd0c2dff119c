/* receiver -- see receiver.h. */
#include "uploader/alert/receiver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/lockfile.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/utf8.h"
#include "uploader/http/http.h"
#include "uploader/http/url.h"

#define CALL_MS         10000
#define ANSWER_READ_MAX ((size_t)4096) /* bytes of an answer that are looked at, for what is shown of it */
#define SECRET_MIN      6              /* a shorter part of a URL is a word */
#define SEPARATORS      "/?#&=:@"

struct receiver {
    const char *setting, *url; /* borrowed */
    char site[RECEIVER_SITE_SIZE];
    struct lockfile no_lock; /* a call is no sign of life of the uploader */
    struct signals *signals;
    struct http *http;
    int64_t fails_since; /* monotonic; 0: the last call was taken, or there was none */
    int64_t failures;
};

enum result receiver_open(struct receiver **out, const char *setting, const char *url,
                          struct signals *signals, struct why *why)
{
    static const struct http_limits limits = {
        .connect_ms = CALL_MS, .stall_s = CALL_MS / 1000, .answer_ms = CALL_MS, .stop_ms = 0};
    struct receiver *receiver = calloc(1, sizeof *receiver);
    if (!receiver) abort();
    receiver->setting = setting;
    receiver->url = url;
    receiver->no_lock = LOCKFILE_NONE;
    receiver->signals = signals;
    url_site(url, receiver->site, sizeof receiver->site);
    enum result res = http_open(&receiver->http, NULL, signals, &receiver->no_lock, limits, why);
    if (res != RES_OK) {
        receiver_close(receiver);
        receiver = NULL;
    }
    *out = receiver;
    return res;
}

void receiver_close(struct receiver *receiver)
{
    if (!receiver) return;
    http_close(receiver->http);
    free(receiver);
}

const char *receiver_site(const struct receiver *receiver)
{
    return receiver->site;
}

/* ---- what an answer means ---- */

static enum alert_outcome refuse(const struct receiver *receiver, long status, struct why *why)
{
    bool is_final = status >= 400 && status < 500 && status != 408 && status != 429;
    (void)why_set(why, RES_RETRY, "HTTP %ld", status);
    if (status >= 300 && status < 400)
        (void)why_remedy(why, RES_RETRY, "set %s to the address that it leads to: redirects are not followed",
                         receiver->setting);
    else if (is_final)
        (void)why_remedy(why, RES_RETRY,
                         "see that %s is the URL that the service shows, and that it was not withdrawn",
                         receiver->setting);
    else
        (void)why_remedy(why, RES_RETRY,
                         "none needed if the service is only busy or down: it is tried again");
    return ALERT_NOT_TAKEN;
}

static enum alert_outcome explain_silence(const struct receiver *receiver, enum http_outcome outcome,
                                          struct why *why)
{
    if (outcome == HTTP_UNTRUSTED)
        (void)why_remedy(why, RES_RETRY,
                         "add the authority that signed the service's certificate to the system's "
                         "(update-ca-certificates); AWS_CA_BUNDLE does not apply here");
    else
        (void)why_remedy(
            why, RES_RETRY,
            "none needed if the service or the network is down; else correct %s, the DNS, the firewall "
            "or the proxy (HTTPS_PROXY, http_proxy)",
            receiver->setting);
    return outcome == HTTP_NOT_SENT || outcome == HTTP_UNTRUSTED ? ALERT_NOT_TAKEN : ALERT_IN_DOUBT;
}

/* ---- the log ---- */

static void note(struct receiver *receiver, bool is_taken, const struct why *why)
{
    if (!is_taken) {
        receiver->failures++;
        if (receiver->fails_since > 0) return;
        receiver->fails_since = clock_monotonic_ms();
        log_warn("a service that is to be told cannot be reached", "setting=%s service=%s why=%s remedy=%s",
                 receiver->setting, LOG_QUOTE(receiver->site), LOG_QUOTE(why->text), LOG_QUOTE(why->remedy));
        return;
    }
    if (receiver->fails_since > 0)
        log_info("a service that is to be told works again",
                 "setting=%s service=%s failed_ms=%" PRId64 " tries=%" PRId64, receiver->setting,
                 LOG_QUOTE(receiver->site), clock_monotonic_ms() - receiver->fails_since, receiver->failures);
    receiver->fails_since = receiver->failures = 0;
}

/* ---- a call ---- */

/* How many bytes at `at` are a part of the URL that may be a secret: of its path, its query, its user or password. */
static size_t secret_len(const struct receiver *receiver, const char *at, size_t left)
{
    const char *part = strstr(receiver->url, "://");
    size_t longest = 0;
    for (size_t len = 0; part && *part; part += len) {
        part += strspn(part, SEPARATORS);
        len = strcspn(part, SEPARATORS);
        bool is_secret = len >= SECRET_MIN && !memmem(receiver->site, strlen(receiver->site), part, len);
        if (is_secret && len > longest && len <= left && memcmp(at, part, len) == 0) longest = len;
    }
    return longest;
}

/* A page that says what is not there repeats the address that was called. */
static void append_masked(const struct receiver *receiver, const struct buf *body, struct buf *out)
{
    size_t len = body->len < ANSWER_READ_MAX ? body->len : ANSWER_READ_MAX;
    for (size_t i = 0; i < len && out->len < RECEIVER_ANSWER_SIZE;) {
        size_t secret = secret_len(receiver, body->data + i, body->len - i);
        if (secret > 0)
            buf_append_text(out, "***");
        else
            buf_append_char(out, body->data[i]);
        i += secret > 0 ? secret : 1;
    }
}

static void keep_answer(const struct receiver *receiver, const struct http_answer *http,
                        struct receiver_answer *answer)
{
    struct buf masked = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    append_masked(receiver, &http->body, &masked);
    if (masked.len > 0) printable_append_shown(&shown, masked.data, masked.len);
    buf_append_char(&shown, '\0');
    buf_fini(&masked);
    answer->status = http->status;
    (void)snprintf(answer->text, sizeof answer->text, "%.*s", utf8_cut(shown.data, RECEIVER_ANSWER_SIZE - 1),
                   shown.data);
    buf_fini(&shown);
}

enum alert_outcome receiver_call(struct receiver *receiver, const struct buf *json,
                                 struct receiver_answer *answer, struct why *why)
{
    static const char *const post_headers[] = {"Content-Type: application/json", "Connection: close",
                                               "User-Agent: eventspool", NULL};
    static const char *const get_headers[] = {"Connection: close", "User-Agent: eventspool", NULL};
    struct http_request request = {.method = json ? HTTP_POST : HTTP_GET,
                                   .url = receiver->url,
                                   .headers = json ? post_headers : get_headers,
                                   .body = json,
                                   .timeout_ms = CALL_MS};
    struct http_answer http;
    enum alert_outcome taken = ALERT_TAKEN;
    why_clear(why);
    enum http_outcome outcome = http_do(receiver->http, &request, &http, why);
    if (outcome != HTTP_ANSWERED)
        taken = explain_silence(receiver, outcome, why);
    else if (http.status < 200 || http.status > 299)
        taken = refuse(receiver, http.status, why);
    if (answer) keep_answer(receiver, &http, answer);
    http_answer_fini(&http);
    if (outcome != HTTP_STOPPED) note(receiver, taken == ALERT_TAKEN, why);
    return taken;
}
