/* http -- see http.h. */
#include "uploader/http/http.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/clock.h"

struct http {
    CURL *curl;
    const char *ca_bundle;
    struct signals *signals;
    const struct lockfile *lock;
    struct http_limits limits;
    int64_t beat_due; /* monotonic */
    int64_t stop_due; /* monotonic; 0: no stop was requested */
};

struct transfer {
    struct http_answer *answer;
    const struct buf *body;
    struct hash *hash;
    CURL *curl;
    size_t sent;
    bool has_begun; /* bytes of the body were sent, so the server may have received the request */
};

enum result http_open(struct http **out, const char *ca_bundle, struct signals *signals,
                      const struct lockfile *lock, struct http_limits limits, struct why *why)
{
    struct http *http = calloc(1, sizeof *http);
    if (!http) abort();
    http->ca_bundle = ca_bundle;
    http->signals = signals;
    http->lock = lock;
    http->limits = limits;
    *out = http;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK && (http->curl = curl_easy_init())) return RES_OK;
    free(http);
    *out = NULL;
    return why_set(why, RES_BROKEN, "libcurl does not start");
}

void http_close(struct http *http)
{
    if (!http) return;
    curl_easy_cleanup(http->curl);
    curl_global_cleanup();
    free(http);
}

void http_answer_fini(struct http_answer *answer)
{
    if (answer->body.data) OPENSSL_cleanse(answer->body.data, answer->body.capacity);
    buf_fini(&answer->body);
}

/* ---- libcurl's callbacks ---- */

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct buf *body = &transfer->answer->body;
    size_t len = size * count;
    size_t space = HTTP_BODY_MAX - body->len;
    long status = 0;
    (void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->hash && status == 200) {
        hash_add(transfer->hash, data, len);
        return len;
    }
    buf_reserve(body, space); /* at once: it never grows, so no copy of a key is left in freed memory */
    buf_append(body, data, len < space ? len : space);
    return len;
}

/* The value of a header line if it has this name, trimmed, without quotes. */
static void take_header(const char *line, size_t len, const char *name, char *value)
{
    size_t name_len = strlen(name);
    if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':') return;
    const char *from = line + name_len + 1;
    const char *end = line + len;
    while (from < end && strchr(" \t\"", *from)) from++;
    while (end > from && strchr(" \t\r\n\"", end[-1])) end--;
    size_t n = (size_t)(end - from);
    if (n >= HTTP_HEADER_SIZE) return;
    memcpy(value, from, n);
    value[n] = '\0';
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct http_answer *answer = transfer->answer;
    size_t len = size * count;
    take_header(line, len, "etag", answer->etag);
    take_header(line, len, "x-amz-meta-sha256", answer->sha256);
    take_header(line, len, "x-amz-bucket-region", answer->region);
    take_header(line, len, "x-amz-request-id", answer->request_id);
    take_header(line, len, "date", answer->date);
    take_header(line, len, "retry-after", answer->retry_after);
    take_header(line, len, "x-amz-server-side-encryption", answer->encryption);
    return len;
}

static size_t on_read(char *to, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t left = transfer->body->len - transfer->sent;
    size_t n = size * count < left ? size * count : left;
    if (n > 0) memcpy(to, transfer->body->data + transfer->sent, n);
    transfer->has_begun |= n > 0;
    transfer->sent += n;
    return n;
}

/* Child processes do not inherit the socket. */
static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)context, (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    struct http *http = context;
    (void)down_total, (void)down, (void)up_total, (void)up;
    if (clock_monotonic_ms() >= http->beat_due) {
        lockfile_beat(http->lock);
        http->beat_due = clock_monotonic_ms() + LOCKFILE_BEAT_MS;
    }
    if (!signals_stop_requested(http->signals)) return 0;
    if (http->stop_due == 0) http->stop_due = clock_monotonic_ms() + http->limits.stop_ms;
    return clock_monotonic_ms() >= http->stop_due;
}

/* ---- the request ---- */

/* For options whose names and values are always valid: a failure means that memory ran out. */
#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        if (curl_easy_setopt(http->curl, option, value) != CURLE_OK) abort();                                \
    } while (0)

/* How long a request may take, in milliseconds. */
static long time_limit(const struct http *http, const struct http_request *request)
{
    if (request->timeout_ms > 0) return (long)request->timeout_ms;
    int64_t bytes = request->hash_bytes + (request->body ? (int64_t)request->body->len : 0);
    return (long)(http->limits.answer_ms + bytes * 1000 / HTTP_STALL_BYTES);
}

static void set_method(struct http *http, const struct http_request *request)
{
    if (request->method == HTTP_HEAD) SET(CURLOPT_NOBODY, 1L);
    if (request->method != HTTP_PUT && request->method != HTTP_POST) return;
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body->len);
    if (request->method == HTTP_POST) SET(CURLOPT_CUSTOMREQUEST, "POST");
}

static void set_options(struct http *http, const struct http_request *request, struct transfer *transfer,
                        struct curl_slist *headers, char *error)
{
    curl_easy_reset(http->curl); /* keeps the connection */
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)http->limits.connect_ms);
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_STALL_BYTES);
    SET(CURLOPT_LOW_SPEED_TIME, (long)http->limits.stall_s);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_ERRORBUFFER, error);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, transfer);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, http);
    if (http->ca_bundle) SET(CURLOPT_CAINFO, http->ca_bundle);
    SET(CURLOPT_TIMEOUT_MS, time_limit(http, request));
    if (request->is_direct) SET(CURLOPT_PROXY, "");
    set_method(http, request);
}

static struct curl_slist *make_headers(const char *const *texts)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:"); /* do not wait for a 100 */
    for (; headers && *texts; texts++) {
        struct curl_slist *longer = curl_slist_append(headers, *texts);
        if (!longer) abort();
        headers = longer;
    }
    if (!headers) abort();
    return headers;
}

/*
 * libcurl gets no function to rewind the body. So it cannot send it a second time by itself when a kept connection
 * turns out to be dead: such a request ends as HTTP_UNKNOWN, because the server may have stored the bytes that it got.
 */
static enum http_outcome outcome_of(CURLcode code, const struct transfer *transfer)
{
    bool has_body = transfer->body && transfer->body->len > 0;
    curl_off_t connected_at = 0; /* stays 0 if there was no connection */
    (void)curl_easy_getinfo(transfer->curl, CURLINFO_PRETRANSFER_TIME_T, &connected_at);
    switch (code) {
    case CURLE_OK: return HTTP_ANSWERED;
    case CURLE_ABORTED_BY_CALLBACK: return HTTP_STOPPED;
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR: return transfer->has_begun ? HTTP_UNKNOWN : HTTP_NOT_SENT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return transfer->has_begun ? HTTP_UNKNOWN : HTTP_UNTRUSTED;
    default: return !transfer->has_begun && (has_body || connected_at == 0) ? HTTP_NOT_SENT : HTTP_UNKNOWN;
    }
}

enum http_outcome http_do(struct http *http, const struct http_request *request, struct http_answer *answer,
                          struct why *why)
{
    char error[CURL_ERROR_SIZE] = "";
    struct transfer transfer = {
        .answer = answer, .body = request->body, .hash = request->hash, .curl = http->curl};
    curl_off_t length = -1;

    *answer = (struct http_answer){.status = 0, .length = -1};
    struct curl_slist *headers = make_headers(request->headers);
    set_options(http, request, &transfer, headers, error);
    CURLcode code = curl_easy_perform(http->curl);
    if (code == CURLE_OK) {
        (void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &answer->status);
        (void)curl_easy_getinfo(http->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        answer->length = length;
    } else {
        (void)why_set(why, RES_RETRY, "%s", *error ? error : curl_easy_strerror(code));
    }
    enum http_outcome outcome = outcome_of(code, &transfer);
    curl_easy_reset(http->curl); /* the handle must not keep pointers into this call */
    curl_slist_free_all(headers);
    return outcome;
}
