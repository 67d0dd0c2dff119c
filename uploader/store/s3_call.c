/* s3_call -- see s3_call.h. One request: where to, signed, sent, corrected; then its answer is sorted. */
#include "uploader/store/s3_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "uploader/commands/options.h" /* until the store has options of its own */
#include "uploader/credentials/credentials.h"
#include "uploader/http/sigv4.h"
#include "uploader/store/s3_error.h"
#include "uploader/store/s3_headers.h"
#include "uploader/store/s3_server.h"
#include "uploader/store/tags.h"

#define PATH_SIZE (3 * BATCH_KEY_MAX + 300)

struct s3 {
    const struct settings *settings;
    struct signals *signals;
    const struct lockfile *lock;
    struct s3_server *server;
    struct credentials *credentials;
    bool is_first; /* closes these two, which others of other threads borrow */
    char tagging[TAGS_SIZE];
    struct http *http;
};

/* ---- one request ---- */

static bool make_path(const struct s3 *s3, const struct s3_address *address, const char *key,
                      char path[PATH_SIZE])
{
    int len = snprintf(path, PATH_SIZE, "/%s%s", address->is_path_style ? s3->settings->bucket_name : "",
                       address->is_path_style ? "/" : "");
    return sigv4_encode_path(key, path + len, (size_t)(PATH_SIZE - len));
}

/* What it means that there is no answer. */
static enum store_answer explain_silence(const struct s3_address *address, enum http_outcome outcome,
                                         struct why *why)
{
    (void)why_wrap(why, RES_RETRY, "%s://%s", address->scheme, address->host);
    switch (outcome) {
    case HTTP_UNTRUSTED:
        (void)why_remedy(why, RES_RETRY,
                         "set AWS_CA_BUNDLE to a file with the certificate of the authority that signed the "
                         "server's; if the name does not match, correct AWS_ENDPOINT_URL or set "
                         "S3_ADDRESSING=path; if the time does not, set the clock or renew the certificate");
        return STORE_REFUSED;
    case HTTP_NOT_SENT:
        (void)why_remedy(why, RES_RETRY,
                         "none needed if the server or the network is down; else correct AWS_ENDPOINT_URL or "
                         "AWS_REGION, the DNS, the firewall or the proxy (HTTPS_PROXY, http_proxy)");
        return STORE_NOT_NOW;
    case HTTP_STOPPED: return STORE_STOPPED;
    default: return STORE_UNKNOWN;
    }
}

/* Sends one call, once. DONE: there is an answer. */
static enum store_answer send_signed(struct s3 *s3, const struct s3_call *call,
                                     const struct s3_signer *signer, struct http_answer *answer,
                                     struct why *why)
{
    const struct s3_address *address = &signer->address;
    const struct s3_wishes wishes = {s3->settings, s3->tagging};
    char path[PATH_SIZE];
    char url[PATH_SIZE + S3_HOST_SIZE + 16];
    struct s3_headers *headers = NULL;
    if (make_path(s3, address, call->key, path)) headers = s3_headers_new(call, signer, &wishes, path);
    if (!headers) {
        (void)why_set(why, RES_REFUSE, "cannot sign the request for %s", call->key);
        (void)why_remedy(why, RES_REFUSE,
                         "look for control characters or excessive length in PREFIX and the keys");
        return STORE_REFUSED;
    }
    (void)snprintf(url, sizeof url, "%s://%s%s", address->scheme, address->host, path);
    struct http_request request = {.method = call->method,
                                   .url = url,
                                   .headers = s3_headers_lines(headers),
                                   .body = call->body,
                                   .hash = call->hash,
                                   .hash_bytes = call->hash_bytes};
    enum http_outcome outcome = http_do(s3->http, &request, answer, why);
    s3_headers_free(headers);
    return outcome == HTTP_ANSWERED ? STORE_DONE : explain_silence(address, outcome, why);
}

/* ---- with the right keys, for the right region, at the right time ---- */

static enum store_answer get_signer(struct s3 *s3, struct s3_signer *signer, struct why *why)
{
    s3_server_address(s3->server, &signer->address);
    enum result res = credentials_get(s3->credentials, signer->address.at_s * 1000, &signer->keys, why);
    if (res == RES_OK) return STORE_DONE;
    if (signals_stop_requested(s3->signals)) return STORE_STOPPED;
    return *why->remedy ? STORE_REFUSED : STORE_NOT_NOW;
}

/* Does the answer say that these keys were good, but are no more? Then nothing was stored. */
static bool needs_new_keys(const struct s3_call *call, const struct s3_signer *signer,
                           const struct http_answer *answer)
{
    static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException", "InvalidToken",
                                        "TokenRefreshRequired", "InvalidAccessKeyId"};
    char code[S3_CODE_SIZE];
    if (!*signer->keys.session_token || answer->status < 400 || answer->status > 403) return false;
    s3_error_field(answer, "Code", code, sizeof code);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i]) == 0) return true;
    /* The answer to HEAD has no body: 400 is what ended keys get, unless the region was wrong. */
    bool is_elsewhere = *answer->region && strcmp(answer->region, signer->address.region) != 0;
    return call->method == HTTP_HEAD && answer->status == 400 && !is_elsewhere;
}

/* False: there are no other ones; what the server has said is what counts. */
static bool renew_keys(struct s3 *s3, const struct s3_signer *signer)
{
    struct keys newer;
    struct why ignored = {0};
    credentials_reject(s3->credentials, &signer->keys);
    enum result res = credentials_get(s3->credentials, signer->address.at_s * 1000, &newer, &ignored);
    bool has_newer = res == RES_OK && !keys_are_same(&signer->keys, &newer);
    keys_wipe(&newer);
    return has_newer;
}

enum correction { CORRECT_REGION = 1, CORRECT_CLOCK = 2, CORRECT_KEYS = 4 };

/* What has been corrected, so that the same call may succeed now; 0: nothing. Each at most once for a call: `made`. */
static unsigned correct(struct s3 *s3, const struct s3_call *call, const struct s3_signer *signer,
                        const struct http_answer *answer, unsigned made)
{
    if (!(made & CORRECT_REGION) && s3_server_learn_region(s3->server, &signer->address, answer))
        return CORRECT_REGION;
    if (!(made & CORRECT_CLOCK) && s3_server_learn_clock(s3->server, &signer->address, answer))
        return CORRECT_CLOCK;
    if (!(made & CORRECT_KEYS) && needs_new_keys(call, signer, answer) && renew_keys(s3, signer))
        return CORRECT_KEYS;
    return 0;
}

/*
 * Sends one call, and again at once where the answer teaches what was wrong with it. DONE: there is an answer, to a request
 * that was signed for `region`.
 */
static enum store_answer send_corrected(struct s3 *s3, const struct s3_call *call, struct http_answer *answer,
                                        char region[REGION_SIZE], struct why *why)
{
    struct s3_signer signer;
    unsigned made = 0;
    unsigned correction = 0;
    enum store_answer sent = STORE_DONE;
    *answer = (struct http_answer){.status = 0};
    do {
        made |= correction;
        correction = 0;
        http_answer_fini(answer);
        sent = get_signer(s3, &signer, why);
        if (sent == STORE_DONE) sent = send_signed(s3, call, &signer, answer, why);
        if (sent == STORE_DONE) correction = correct(s3, call, &signer, answer, made);
        keys_wipe(&signer.keys);
    } while (correction != 0);
    (void)snprintf(region, REGION_SIZE, "%s", signer.address.region);
    return sent;
}

/* ---- the answer ---- */

static bool is_check(const struct s3_call *call)
{
    return call->method == HTTP_HEAD || call->method == HTTP_GET;
}

static enum store_answer sort(const struct s3 *s3, const struct s3_call *call, const char *region,
                              struct s3_answer *answer, struct why *why)
{
    const struct http_answer *http = &answer->http;
    const struct s3_target target = {.bucket = s3->settings->bucket_name,
                                     .key = call->key,
                                     .region = region,
                                     .is_head = call->method == HTTP_HEAD};
    if (http->status == 200 || (!is_check(call) && http->status >= 200 && http->status < 300))
        return STORE_DONE;
    if (is_check(call) && http->status == 404) return STORE_ABSENT;
    if (is_check(call) && http->status == 403) return STORE_CANNOT_CHECK;
    if (call->object && http->status == 412) return STORE_CONFLICT;
    enum store_answer sorted = s3_error_sort(http, &target, why);
    if (sorted != STORE_REFUSED) answer->wait_ms = s3_error_wait_ms(http, clock_now_ms() / 1000);
    return sorted;
}

enum store_answer s3_send(struct s3 *s3, const struct s3_call *call, struct s3_answer *answer,
                          struct why *why)
{
    char region[REGION_SIZE];
    answer->wait_ms = 0;
    enum store_answer sent = send_corrected(s3, call, &answer->http, region, why);
    if (sent == STORE_DONE) sent = sort(s3, call, region, answer, why);
    return is_check(call) && sent == STORE_UNKNOWN ? STORE_NOT_NOW : sent; /* a look stores nothing */
}

void s3_answer_fini(struct s3_answer *answer)
{
    http_answer_fini(&answer->http);
}

/* ---- opening and closing ---- */

enum result s3_prepare(struct s3 *s3, char source[STORE_SOURCE_SIZE], struct why *why)
{
    struct keys keys;
    enum result res = credentials_get(s3->credentials, clock_now_ms(), &keys, why);
    if (res == RES_OK) credentials_source(s3->credentials, source);
    keys_wipe(&keys);
    return res;
}

static enum result connect_http(struct s3 *s3, struct why *why)
{
    return http_open(&s3->http, s3->settings->ca_bundle, s3->signals, s3->lock, HTTP_LIMITS(STORE_STOP_MS),
                     why);
}

enum result s3_open(struct s3 **out, const struct settings *settings, struct signals *signals,
                    const struct lockfile *lock, struct why *why)
{
    struct s3 *s3 = calloc(1, sizeof *s3);
    if (!s3) abort();
    s3->settings = settings;
    s3->signals = signals;
    s3->lock = lock;
    s3->is_first = true;
    struct credentials_options from = options_for_credentials(settings);
    enum result res = settings->s3_tags ? tags_encode(settings->s3_tags, s3->tagging, why) : RES_OK;
    if (res == RES_OK) res = credentials_open(&s3->credentials, &from, signals, lock, why);
    if (res == RES_OK) s3->server = s3_server_new(settings, credentials_region(s3->credentials));
    if (res == RES_OK) res = connect_http(s3, why);
    if (res != RES_OK) {
        s3_close(s3);
        s3 = NULL;
    }
    *out = s3;
    return res;
}

enum result s3_open_another(struct s3 **out, const struct s3 *first, struct why *why)
{
    struct s3 *s3 = malloc(sizeof *s3);
    if (!s3) abort();
    *s3 = *first;
    s3->is_first = false;
    s3->http = NULL;
    enum result res = connect_http(s3, why);
    if (res != RES_OK) {
        s3_close(s3);
        s3 = NULL;
    }
    *out = s3;
    return res;
}

void s3_close(struct s3 *s3)
{
    if (!s3) return;
    http_close(s3->http);
    if (s3->is_first) {
        credentials_close(s3->credentials);
        s3_server_free(s3->server);
    }
    free(s3);
}
