/* s3_client -- see s3_client.h. A request is addressed, signed, sent, corrected; then its answer is sorted. */
#include "uploader/store/s3_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "uploader/http/sigv4.h"
#include "uploader/store/s3_error.h"
#include "uploader/store/tags.h"

#define PATH_SIZE (3 * BATCH_KEY_MAX + S3_BUCKET_MAX + 3) /* slash, bucket, slash, encoded key, NUL */

struct s3_client {
    struct s3_options options; /* its texts are borrowed */
    struct signals *signals;
    const struct lockfile *lock;
    struct s3_server *server;
    struct credentials *credentials;
    struct connection *connection;
    bool is_first; /* owns these three, which the clients of other threads borrow */
    char tagging[TAGS_SIZE];
    struct http *http;
};

/* ---- one request ---- */

static bool make_path(const struct s3_client *client, const struct s3_address *address, const char *key,
                      char path[PATH_SIZE])
{
    int len = snprintf(path, PATH_SIZE, "/%s%s", address->is_path_style ? client->options.server.bucket : "",
                       address->is_path_style ? "/" : "");
    return sigv4_encode_path(key, path + len, (size_t)(PATH_SIZE - len));
}

static enum store_answer fail(struct s3_answer *answer, enum scope scope, const char *code,
                              enum store_answer failure)
{
    answer->cause = (struct cause){.scope = scope};
    (void)snprintf(answer->cause.code, sizeof answer->cause.code, "%s", code);
    return failure;
}

/* What a person can do where no answer came; NULL: the network or the server broke the connection, and waiting helps. */
static const char *remedy_of_silence(enum http_outcome outcome, enum http_limit limit)
{
    if (limit == HTTP_LIMIT_ANSWER)
        return "the server accepts connections but does not answer: see that AWS_ENDPOINT_URL is the address "
               "and the "
               "port of an S3 server (https:// where it wants TLS), and that this server works";
    if (limit == HTTP_LIMIT_STALL)
        return "see what slows the network, the proxy (HTTPS_PROXY, http_proxy) or the server down; a lower "
               "MAX_FILE_SIZE helps later batches";
    if (outcome == HTTP_UNTRUSTED)
        return "set AWS_CA_BUNDLE to a file with the certificate of the authority that signed the server's "
               "certificate; if the name does not match, correct AWS_ENDPOINT_URL or set S3_ADDRESSING=path; "
               "if the "
               "dates do not, set the clock or renew the certificate";
    if (outcome == HTTP_NOT_SENT)
        return "none needed if the server or the network is down; else correct AWS_ENDPOINT_URL or "
               "AWS_REGION, the "
               "DNS, the firewall or the proxy (HTTPS_PROXY, http_proxy)";
    return NULL;
}

/* There is no answer: what does that mean? */
static enum store_answer explain_silence(const struct s3_address *address, enum http_outcome outcome,
                                         struct s3_answer *answer, struct why *why)
{
    const char *remedy = remedy_of_silence(outcome, answer->http.limit);
    (void)why_wrap(why, RES_RETRY, "%s://%s", address->scheme, address->host);
    if (remedy) (void)why_remedy(why, RES_RETRY, "%s", remedy);
    switch (outcome) {
    case HTTP_UNTRUSTED: return fail(answer, SCOPE_ENDPOINT, "Untrusted", STORE_REFUSED);
    case HTTP_NOT_SENT: return fail(answer, SCOPE_ENDPOINT, "Unreachable", STORE_NOT_NOW);
    case HTTP_STOPPED: return STORE_STOPPED;
    default: return fail(answer, SCOPE_ENDPOINT, "NoAnswer", STORE_UNKNOWN);
    }
}

/* Sends one call, once. DONE: there is an answer. */
static enum store_answer send_signed(struct s3_client *client, const struct s3_call *call,
                                     const struct s3_signer *signer, struct s3_answer *answer,
                                     struct why *why)
{
    const struct s3_address *address = &signer->address;
    const struct s3_object_headers object_headers = {&client->options.objects, client->tagging};
    char path[PATH_SIZE];
    char url[PATH_SIZE + S3_HOST_SIZE + 16];
    struct s3_headers *headers = NULL;
    if (make_path(client, address, call->key, path))
        headers = s3_headers_new(call, signer, &object_headers, path);
    if (!headers) {
        (void)why_set(why, RES_REFUSE, "cannot sign the request for %s", call->key);
        (void)why_remedy(why, RES_REFUSE,
                         "look for control characters or excessive length in PREFIX and the keys");
        return fail(answer, SCOPE_BATCH, "CannotSign", STORE_REFUSED);
    }
    (void)snprintf(url, sizeof url, "%s://%s%s", address->scheme, address->host, path);
    struct http_request request = {.method = call->method,
                                   .url = url,
                                   .headers = s3_headers_lines(headers),
                                   .body = call->body,
                                   .sink = call->sink};
    enum http_outcome outcome = http_do(client->http, &request, &answer->http, why);
    s3_headers_free(headers);
    return outcome == HTTP_ANSWERED ? STORE_DONE : explain_silence(address, outcome, answer, why);
}

/* ---- with valid keys, for the right region, at the right time ---- */

static enum store_answer get_signer(struct s3_client *client, struct s3_signer *signer,
                                    struct s3_answer *answer, struct why *why)
{
    s3_server_address(client->server, &signer->address);
    enum result res = credentials_get(client->credentials, signer->address.at_s * 1000, &signer->keys, why);
    if (res == RES_OK) return STORE_DONE;
    if (signals_stop_requested(client->signals)) return STORE_STOPPED;
    return fail(answer, SCOPE_IDENTITY, "NoCredentials", *why->remedy ? STORE_REFUSED : STORE_NOT_NOW);
}

/* Does the answer say that these keys are no longer valid? Then nothing was stored. */
static bool needs_new_keys(const struct s3_call *call, const struct s3_signer *signer,
                           const struct http_answer *answer)
{
    static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException", "InvalidToken",
                                        "TokenRefreshRequired", "InvalidAccessKeyId"};
    char code[S3_CODE_SIZE];
    if (!signer->keys.session_token || answer->status < 400 || answer->status > 403) return false;
    s3_error_field(answer, "Code", code, sizeof code);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i]) == 0) return true;
    /* The answer to HEAD has no body: 400 means that the keys have expired, unless the region was wrong. */
    bool is_elsewhere = *answer->region && strcmp(answer->region, signer->address.region) != 0;
    return call->method == HTTP_HEAD && answer->status == 400 && !is_elsewhere;
}

/* False: there are no other keys, so the server's answer stands. */
static bool renew_keys(struct s3_client *client, const struct s3_signer *signer)
{
    struct keys newer = KEYS_NONE;
    struct why ignored = {0};
    credentials_reject(client->credentials, &signer->keys);
    enum result res = credentials_get(client->credentials, signer->address.at_s * 1000, &newer, &ignored);
    bool has_newer = res == RES_OK && !keys_are_same(&signer->keys, &newer);
    keys_wipe(&newer);
    return has_newer;
}

enum correction { CORRECT_REGION = 1, CORRECT_CLOCK = 2, CORRECT_KEYS = 4, DOUBT_REGION = 8 };

/*
 * What was corrected, so that the same call may succeed now; 0: nothing. `made` were corrected before, each once
 * only.
 */
static unsigned correct(struct s3_client *client, const struct s3_call *call, const struct s3_signer *signer,
                        const struct http_answer *answer, unsigned made)
{
    if (!(made & CORRECT_REGION) && s3_server_learn_region(client->server, &signer->address, answer))
        return CORRECT_REGION;
    if (!(made & CORRECT_CLOCK) && s3_server_learn_clock(client->server, &signer->address, answer))
        return CORRECT_CLOCK;
    if (!(made & CORRECT_KEYS) && needs_new_keys(call, signer, answer) && renew_keys(client, signer))
        return CORRECT_KEYS;
    if (!(made & (DOUBT_REGION | CORRECT_REGION)) &&
        s3_server_doubt_region(client->server, &signer->address, answer))
        return DOUBT_REGION;
    return 0;
}

/*
 * Sends one call, and repeats it at once if the answer shows how to correct it. DONE: there is an answer, to a
 * request that was signed for `region`.
 */
static enum store_answer send_corrected(struct s3_client *client, const struct s3_call *call,
                                        struct s3_answer *answer, char region[REGION_SIZE], struct why *why)
{
    struct s3_signer signer = {.keys = KEYS_NONE};
    unsigned made = 0;
    unsigned correction = 0;
    enum store_answer sent = STORE_DONE;
    *answer = (struct s3_answer){.wait_ms = 0};
    do {
        made |= correction;
        correction = 0;
        http_answer_fini(&answer->http);
        sent = get_signer(client, &signer, answer, why);
        if (sent == STORE_DONE) sent = send_signed(client, call, &signer, answer, why);
        if (sent == STORE_DONE) s3_server_read_clock(client->server, &answer->http);
        if (sent == STORE_DONE) correction = correct(client, call, &signer, &answer->http, made);
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

static enum store_answer accept(struct s3_answer *answer, enum store_answer meaning)
{
    answer->is_from_store = answer->is_authentic = true;
    return meaning;
}

/* Nothing is tried before, so people are told. */
static void say_pause(int64_t wait_ms, struct why *why)
{
    size_t len = strlen(why->text);
    (void)snprintf(why->text + len, sizeof why->text - len, " (it asks to be left alone for %" PRId64 " s)",
                   (wait_ms + 999) / 1000);
}

/* MinIO before April 2024 answered 304 where the condition is not met; only with S3's own mark, as a portal may, too. */
static bool is_condition_unmet(const struct s3_call *call, const struct http_answer *http)
{
    return call->is_conditional && (http->status == 412 || (http->status == 304 && *http->request_id));
}

static enum store_answer sort(const struct s3_client *client, const struct s3_call *call, const char *region,
                              struct s3_answer *answer, struct why *why)
{
    const struct http_answer *http = &answer->http;
    const struct s3_target target = {
        .bucket = client->options.server.bucket, .key = call->key, .region = region, .method = call->method};
    bool is_success = http->status >= 200 && http->status < 300;
    struct s3_refusal refusal;
    if (http->status == 200 || (!is_check(call) && is_success)) return accept(answer, STORE_DONE);
    if (is_check(call) && http->status == 404) return accept(answer, STORE_ABSENT);
    if (is_condition_unmet(call, http)) return accept(answer, STORE_CONFLICT);
    if (is_success || (is_check(call) && http->status == 412)) /* no question of ours has a condition */
        refusal = s3_error_not_s3(http, "to a question of what is there", why);
    else
        refusal = s3_error_sort(http, &target, why);
    answer->cause = refusal.cause;
    answer->is_from_store = refusal.is_from_store;
    answer->is_authentic = refusal.is_authentic;
    if (refusal.answer == STORE_NOT_NOW || refusal.answer == STORE_UNKNOWN)
        answer->wait_ms = s3_error_wait_ms(http, clock_now_ms() / 1000);
    if (answer->wait_ms > 0) say_pause(answer->wait_ms, why);
    return refusal.answer;
}

enum store_answer s3_client_send(struct s3_client *client, const struct s3_call *call,
                                 struct s3_answer *answer, struct why *why)
{
    char region[REGION_SIZE];
    enum store_answer sent = send_corrected(client, call, answer, region, why);
    if (sent == STORE_DONE) sent = sort(client, call, region, answer, why);
    return is_check(call) && sent == STORE_UNKNOWN ? STORE_NOT_NOW : sent; /* they store nothing */
}

void s3_answer_fini(struct s3_answer *answer)
{
    http_answer_fini(&answer->http);
}

/* ---- opening and closing ---- */

enum result s3_client_prepare(struct s3_client *client, char source[STORE_SOURCE_SIZE], struct why *why)
{
    struct keys keys = KEYS_NONE;
    enum result res = credentials_get(client->credentials, clock_now_ms(), &keys, why);
    if (res == RES_OK) credentials_source(client->credentials, source);
    keys_wipe(&keys);
    return res;
}

const struct connection *s3_client_connection(const struct s3_client *client)
{
    return client->connection;
}

const struct s3_options *s3_client_options(const struct s3_client *client)
{
    return &client->options;
}

struct credentials *s3_client_credentials(const struct s3_client *client)
{
    return client->credentials;
}

void s3_client_address(const struct s3_client *client, struct s3_address *address)
{
    s3_server_address(client->server, address);
}

bool s3_client_clock_is_wrong(struct s3_client *client, int64_t *ahead_ms)
{
    return s3_server_clock_is_wrong(client->server, ahead_ms);
}

bool s3_client_has_new_keys(struct s3_client *client)
{
    return credentials_have_changed(client->credentials);
}

/* The settings decide how the bucket is addressed, or else the profile. */
static struct s3_server_options server_options(const struct s3_client *client)
{
    static const enum s3_addressing of_profile[] = {[CONNECTION_ADDRESSING_UNSET] = S3_ADDRESSING_AUTO,
                                                    [CONNECTION_ADDRESSING_PATH] = S3_ADDRESSING_PATH,
                                                    [CONNECTION_ADDRESSING_VIRTUAL] = S3_ADDRESSING_VIRTUAL};
    struct s3_server_options options = client->options.server;
    if (options.addressing == S3_ADDRESSING_AUTO)
        options.addressing = of_profile[client->connection->addressing];
    return options;
}

static enum result connect_http(struct s3_client *client, struct why *why)
{
    const char *ca_bundle = *client->connection->ca_bundle ? client->connection->ca_bundle : NULL;
    return http_open(&client->http, ca_bundle, client->signals, client->lock, client->options.limits, why);
}

enum result s3_client_open(struct s3_client **out, const struct s3_options *options, struct signals *signals,
                           const struct lockfile *lock, struct why *why)
{
    struct s3_client *client = calloc(1, sizeof *client);
    if (!client) abort();
    client->options = *options;
    client->signals = signals;
    client->lock = lock;
    client->is_first = true;
    client->connection = calloc(1, sizeof *client->connection);
    if (!client->connection) abort();
    enum result res =
        options->objects.tags ? tags_encode(options->objects.tags, client->tagging, why) : RES_OK;
    if (res == RES_OK) res = connection_load(client->connection, &options->connection, why);
    if (res == RES_OK) res = s3_address_check(&options->server, client->connection, why);
    if (res == RES_OK)
        res = credentials_open(&client->credentials, &options->credentials, client->connection, signals, lock,
                               options->limits, why);
    if (res == RES_OK) client->options.server = server_options(client);
    if (res == RES_OK) client->server = s3_server_new(&client->options.server, client->connection);
    if (res == RES_OK) res = connect_http(client, why);
    if (res != RES_OK) {
        s3_client_close(client);
        client = NULL;
    }
    *out = client;
    return res;
}

enum result s3_client_open_another(struct s3_client **out, const struct s3_client *first, struct why *why)
{
    struct s3_client *client = malloc(sizeof *client);
    if (!client) abort();
    *client = *first;
    client->is_first = false;
    client->http = NULL;
    enum result res = connect_http(client, why);
    if (res != RES_OK) {
        s3_client_close(client);
        client = NULL;
    }
    *out = client;
    return res;
}

void s3_client_set_limits(struct s3_client *client, struct http_limits limits)
{
    client->options.limits = limits;
    http_set_limits(client->http, limits);
}

void s3_client_close(struct s3_client *client)
{
    if (!client) return;
    http_close(client->http);
    if (client->is_first) {
        credentials_close(client->credentials);
        s3_server_free(client->server);
        free(client->connection);
    }
    free(client);
}
