/* http -- see http.h. */
#include "uploader/http/http.h"

#include <curl/curl.h>
#include <linux/sockios.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "uploader/http/response_headers.h"

/* Of an answer, with interim ones before it. libcurl takes no line that is longer. */
#define HTTP_HEADERS_MAX ((size_t)100 << 10)

#define SOCKETS_MAX                                                                                          \
    8 /* one at a time, but for those that race to connect first; of others nothing is known */

struct http {
    CURL *curl;
    int sockets[SOCKETS_MAX]; /* open ones */
    size_t socket_count;
    const char *ca_bundle;
    struct signals *signals;
    const struct lockfile *lock;
    struct http_limits limits;
    int64_t beat_due; /* monotonic */
    int64_t stop_due; /* monotonic; 0: no stop was requested */
};

struct transfer {
    struct http *http;
    struct http_answer *answer;
    const struct buf *body;
    const struct http_sink *sink;
    CURL *curl;
    size_t sent;
    size_t header_bytes;   /* of the answer, trailers among them */
    bool has_begun;        /* bytes of the body were sent, so the server may have received the request */
    enum http_limit limit; /* that has ended it */
    size_t stall_taken;    /* bytes of the body that the server had taken when this was last renewed */
    int64_t stall_due;     /* monotonic, as is the next; 0: not begun */
    int64_t answer_due;
    int64_t connect_due;
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

void http_set_limits(struct http *http, struct http_limits limits)
{
    http->limits = limits;
}

void http_answer_fini(struct http_answer *answer)
{
    if (answer->body.data) OPENSSL_cleanse(answer->body.data, answer->body.len);
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
    if (transfer->sink && status == 200)
        return transfer->sink->take(transfer->sink->context, data, len) ? len : 0;
    buf_reserve(body, space); /* at once: it never grows, so no copy of a key is left in freed memory */
    buf_append(body, data, len < space ? len : space);
    return len;
}

/* libcurl keeps every line, and limits only those before the body: trailers may go on for ever. */
static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    transfer->header_bytes += size * count;
    if (transfer->header_bytes > HTTP_HEADERS_MAX) return 0;
    response_headers_take(transfer->answer, line, size * count);
    return size * count;
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
    struct http *http = context;
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0 && http->socket_count < SOCKETS_MAX) http->sockets[http->socket_count++] = fd;
    return fd;
}

static int on_close_socket(void *context, curl_socket_t fd)
{
    struct http *http = context;
    for (size_t i = http->socket_count; i-- > 0;)
        if (http->sockets[i] == fd) http->sockets[i] = http->sockets[--http->socket_count];
    return close(fd);
}

static bool is_connected(const struct transfer *transfer)
{
    curl_off_t connected_at = 0; /* stays 0 if there was no connection */
    (void)curl_easy_getinfo(transfer->curl, CURLINFO_PRETRANSFER_TIME_T, &connected_at);
    return connected_at > 0;
}

/* How many bytes of the body the server has taken: without those that wait in the kernel. */
static size_t count_taken(const struct transfer *transfer)
{
    const struct http *http = transfer->http;
    size_t all = 0;
    for (size_t i = 0; i < http->socket_count; i++) {
        int waiting = 0;
        if (ioctl(http->sockets[i], SIOCOUTQ, &waiting) == 0 && waiting > 0) all += (size_t)waiting;
    }
    return all < transfer->sent ? transfer->sent - all : 0;
}

/*
 * Has the server taken a body fast enough, and answered it in time? And is there a connection by now? While a proxy's answer
 * to CONNECT goes on, libcurl does not look at its own limits.
 */
static enum http_limit check_limits(struct transfer *transfer)
{
    const struct http_limits *limits = &transfer->http->limits;
    int64_t now = clock_monotonic_ms();
    if (now >= transfer->connect_due && !is_connected(transfer)) return HTTP_LIMIT_CONNECT;
    if (!transfer->body) return HTTP_LIMIT_NONE;
    if (transfer->answer_due > 0) return now >= transfer->answer_due ? HTTP_LIMIT_ANSWER : HTTP_LIMIT_NONE;
    size_t taken = count_taken(transfer);
    bool is_all = taken == transfer->body->len;
    if (!transfer->has_begun && !(is_all && is_connected(transfer))) return HTTP_LIMIT_NONE;
    if (is_all) {
        transfer->answer_due = now + limits->answer_ms;
    } else if (transfer->stall_due == 0 ||
               taken >= transfer->stall_taken + (size_t)limits->stall_s * HTTP_STALL_BYTES) {
        transfer->stall_taken = taken;
        transfer->stall_due = now + (int64_t)limits->stall_s * 1000;
    }
    return !is_all && now >= transfer->stall_due ? HTTP_LIMIT_STALL : HTTP_LIMIT_NONE;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    struct transfer *transfer = context;
    struct http *http = transfer->http;
    (void)down_total, (void)down, (void)up_total, (void)up;
    if (clock_monotonic_ms() >= http->beat_due) {
        lockfile_beat(http->lock);
        http->beat_due = clock_monotonic_ms() + LOCKFILE_BEAT_MS;
    }
    transfer->limit = check_limits(transfer);
    if (transfer->limit != HTTP_LIMIT_NONE) return 1;
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

/*
 * How long a request may take, in milliseconds. With a body it is only the last resort: check_limits() knows how far the
 * request is.
 */
static long time_limit(const struct http *http, const struct http_request *request)
{
    const struct http_limits *limits = &http->limits;
    if (request->timeout_ms > 0) return (long)request->timeout_ms;
    int64_t bytes =
        (request->sink ? request->sink->bytes : 0) + (request->body ? (int64_t)request->body->len : 0);
    int64_t before_ms = request->body ? limits->connect_ms + (int64_t)limits->stall_s * 1000 : 0;
    return (long)(before_ms + limits->answer_ms + bytes * 1000 / HTTP_STALL_BYTES);
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
    if (request->sink) SET(CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_STALL_BYTES);
    if (request->sink) SET(CURLOPT_LOW_SPEED_TIME, (long)http->limits.stall_s);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_ERRORBUFFER, error);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, transfer);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, http);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, http);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, transfer);
    if (http->ca_bundle) SET(CURLOPT_CAINFO, http->ca_bundle);
    SET(CURLOPT_TIMEOUT_MS, time_limit(http, request));
    if (request->is_direct) SET(CURLOPT_PROXY, "");
    SET(CURLOPT_QUICK_EXIT, 1L); /* a look-up of a name knows no limits: its thread may outlast the request */
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
    bool is_unsent = !transfer->has_begun && (has_body || !is_connected(transfer));
    if (code == CURLE_ABORTED_BY_CALLBACK && transfer->limit == HTTP_LIMIT_NONE) return HTTP_STOPPED;
    switch (code) {
    case CURLE_OK: return HTTP_ANSWERED;
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR: return transfer->has_begun ? HTTP_UNKNOWN : HTTP_NOT_SENT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return transfer->has_begun ? HTTP_UNKNOWN : HTTP_UNTRUSTED;
    default: return is_unsent ? HTTP_NOT_SENT : HTTP_UNKNOWN;
    }
}

/* Which limit was it, where libcurl has kept it? */
static enum http_limit limit_of(CURLcode code, const struct transfer *transfer)
{
    long status = 0;
    if (code != CURLE_OPERATION_TIMEDOUT) return transfer->limit;
    if (!is_connected(transfer)) return HTTP_LIMIT_CONNECT;
    (void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    bool is_moving = transfer->sink ? status != 0 : transfer->body && transfer->answer_due == 0;
    return is_moving ? HTTP_LIMIT_STALL : HTTP_LIMIT_ANSWER;
}

/* libcurl repeats the URL of a proxy that it does not understand, with its user and password. */
static const char *without_proxy(const char *error)
{
    static const char begin[] = "Unsupported proxy";
    return strncmp(error, begin, sizeof begin - 1) == 0
               ? "the proxy's URL is not understood: see HTTPS_PROXY, http_proxy, ALL_PROXY"
               : error;
}

static void explain(CURLcode code, const struct transfer *transfer, const char *error, struct why *why)
{
    static const char *const limits[] = {
        [HTTP_LIMIT_CONNECT] = "no connection in time",
        [HTTP_LIMIT_STALL] = "the transfer was too slow",
        [HTTP_LIMIT_ANSWER] = "no answer in time, though the server had taken the request",
    };
    enum http_limit limit = transfer->answer->limit;
    if (limit != HTTP_LIMIT_NONE)
        (void)why_set(why, RES_RETRY, "%s", limits[limit]);
    else if (transfer->header_bytes > HTTP_HEADERS_MAX || code == CURLE_OUT_OF_MEMORY) /* of a line */
        (void)why_set(why, RES_RETRY, "the headers of the answer are longer than %zu bytes",
                      HTTP_HEADERS_MAX);
    else
        (void)why_set(why, RES_RETRY, "%s", *error ? without_proxy(error) : curl_easy_strerror(code));
}

enum http_outcome http_do(struct http *http, const struct http_request *request, struct http_answer *answer,
                          struct why *why)
{
    char error[CURL_ERROR_SIZE] = "";
    struct transfer transfer = {.http = http,
                                .answer = answer,
                                .body = request->body,
                                .sink = request->sink,
                                .curl = http->curl,
                                .connect_due = clock_monotonic_ms() + http->limits.connect_ms};
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
        answer->limit = limit_of(code, &transfer);
        explain(code, &transfer, error, why);
    }
    enum http_outcome outcome = outcome_of(code, &transfer);
    curl_easy_reset(http->curl); /* the handle must not keep pointers into this call */
    curl_slist_free_all(headers);
    return outcome;
}
