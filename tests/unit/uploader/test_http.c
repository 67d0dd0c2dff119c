/* test_http -- one request and its limits, with servers on the loopback that keep it waiting in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/http/http.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#define PAUSE_MS  50
#define LONG_MS   60000
#define LONG_S    60
#define HEAD_SIZE 4096
#define BODY_SIZE ((size_t)16 << 20) /* more than the kernel takes in for a peer that does not read */
#define WAITING   4

/* What never ends begins with this; without a length it would end with the connection. */
static const char endless[] = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\n\r\n";

struct server {
    int listener;
    int waiting[WAITING]; /* connections that fill its queue */
    struct sockaddr_in address;
    void (*serve)(struct server *server, int fd); /* after the request's first bytes */
    pthread_t thread;
    atomic_bool is_over;
    size_t taken;   /* bytes of the request */
    size_t flooded; /* bytes of an answer without end */
};

struct fixture {
    bool uses_proxy;
    struct signals signals;
    struct lockfile lock;
    struct http *http;
    struct server server;
    char url[64];
    struct buf body;
    struct http_answer answer;
    int64_t took_ms;
    struct why why;
};

/* ---- servers ---- */

static bool goes_on(struct server *server)
{
    (void)poll(NULL, 0, PAUSE_MS); /* the rate of the traffic, not a wait for something */
    return !atomic_load(&server->is_over);
}

/* 10 KB/s for ever: fast enough, but without an end. */
static void answer_without_end(struct server *server, int fd)
{
    static const char piece[512] = "";
    ssize_t sent = write(fd, endless, strlen(endless));
    while (sent > 0 && goes_on(server)) sent = write(fd, piece, sizeof piece);
}

/* 1,000 bytes in half a second. */
static void answer_in_time(struct server *server, int fd)
{
    static const char piece[100] = "";
    ssize_t sent = write(fd, endless, strlen(endless));
    for (int i = 0; i < 10 && sent > 0 && goes_on(server); i++) sent = write(fd, piece, sizeof piece);
}

/* Takes 20 bytes of the request a second. */
static void take_too_slowly(struct server *server, int fd)
{
    char byte;
    ssize_t got = 1;
    while (got > 0 && goes_on(server)) {
        got = read(fd, &byte, 1);
        if (got > 0) server->taken++;
    }
}

/* Takes all, and says nothing. */
static void take_and_keep_silent(struct server *server, int fd)
{
    char bytes[65536];
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (goes_on(server))
        if (poll(&ready, 1, 0) == 1 && read(fd, bytes, sizeof bytes) <= 0) break;
}

/* Takes 10 MB a second, and answers when it has all but what may have come with the head. */
static void take_slowly_and_answer(struct server *server, int fd)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    static char bytes[512 << 10];
    size_t left = BODY_SIZE - HEAD_SIZE;
    while (left > 0 && goes_on(server)) {
        ssize_t got = recv(fd, bytes, left < sizeof bytes ? left : sizeof bytes, MSG_WAITALL);
        if (got <= 0) return;
        left -= (size_t)got;
    }
    ssize_t sent = write(fd, answer, strlen(answer));
    (void)sent;
}

/* As fast as it is read, until the peer has gone. */
static void flood(struct server *server, int fd, const char *begin, const char *line)
{
    char piece[65536];
    size_t line_len = strlen(line);
    size_t len = 0;
    for (; len + line_len <= sizeof piece; len += line_len) memcpy(piece + len, line, line_len);
    ssize_t sent = send(fd, begin, strlen(begin), MSG_NOSIGNAL);
    while (sent > 0 && !atomic_load(&server->is_over)) {
        sent = send(fd, piece, len, MSG_NOSIGNAL);
        if (sent > 0) server->flooded += (size_t)sent;
    }
}

/* Headers that come behind a body: libcurl keeps each of them, and limits only those before it. */
static void send_trailers_without_end(struct server *server, int fd)
{
    flood(server, fd, "HTTP/1.1 403 X\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", "X: y\r\n");
}

static void send_a_header_without_end(struct server *server, int fd)
{
    flood(server, fd, "HTTP/1.1 403 X\r\nX: ", "y");
}

/* A proxy whose refusal to connect never ends. */
static void refuse_to_connect_without_end(struct server *server, int fd)
{
    flood(server, fd, "HTTP/1.1 407 X\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n");
}

/* The head, and of a body at least one byte: a server that answers before that has an outcome of its own. */
static bool take_beginning(int fd)
{
    char head[HEAD_SIZE + 1] = "";
    size_t len = 0;
    for (;;) {
        ssize_t got = read(fd, head + len, HEAD_SIZE - len);
        if (got <= 0) return false;
        len += (size_t)got;
        const char *end = strstr(head, "\r\n\r\n");
        bool has_body = strstr(head, "Content-Length: ") && !strstr(head, "Content-Length: 0\r\n");
        if (end && (!has_body || len > (size_t)(end - head) + strlen("\r\n\r\n"))) return true;
    }
}

static void *serve(void *context)
{
    struct server *server = context;
    int fd = accept(server->listener, NULL, NULL);
    if (fd >= 0 && take_beginning(fd)) server->serve(server, fd);
    if (fd >= 0) (void)close(fd);
    return NULL;
}

static void listen_on_loopback(struct fixture *f, int backlog)
{
    struct server *server = &f->server;
    socklen_t len = sizeof server->address;
    server->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int little = 65536; /* so what the kernel has taken, the server will soon have read */
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(setsockopt(server->listener, SOL_SOCKET, SO_RCVBUF, &little, sizeof little), 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&server->address, len), 0);
    assert_int_equal(listen(server->listener, backlog), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&server->address, &len), 0);
    (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d/a", ntohs(server->address.sin_port));
}

static void start_server(struct fixture *f, void (*behaviour)(struct server *server, int fd))
{
    listen_on_loopback(f, 1);
    f->server.serve = behaviour;
    assert_int_equal(pthread_create(&f->server.thread, NULL, serve, &f->server), 0);
}

static void end_server(struct fixture *f)
{
    atomic_store(&f->server.is_over, true);
    (void)shutdown(f->server.listener, SHUT_RDWR);
    assert_int_equal(pthread_join(f->server.thread, NULL), 0);
    (void)close(f->server.listener);
    f->server.is_over = false;
}

/* Nobody accepts, and the kernel's queue is full: it does not answer who wants to connect. */
static void start_full_server(struct fixture *f)
{
    listen_on_loopback(f, 0);
    for (int i = 0; i < WAITING; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fd, (struct sockaddr *)&f->server.address, sizeof f->server.address);
        struct pollfd connected = {.fd = fd, .events = POLLOUT};
        (void)poll(&connected, 1, PAUSE_MS);
        f->server.waiting[i] = fd;
    }
}

static void end_full_server(struct fixture *f)
{
    for (int i = 0; i < WAITING; i++) (void)close(f->server.waiting[i]);
    (void)close(f->server.listener);
}

/* ---- requests ---- */

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.lock = LOCKFILE_NONE};
    *state = &fixture;
    return signals_open(&fixture.signals, &fixture.why) == RES_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    signals_close(&f->signals);
    buf_fini(&f->body);
    return 0;
}

static enum http_outcome send_request(struct fixture *f, struct http_limits limits,
                                      struct http_request request)
{
    static const char *const no_headers[] = {NULL};
    assert_int_equal(http_open(&f->http, NULL, &f->signals, &f->lock, limits, &f->why), RES_OK);
    request.url = f->url;
    request.headers = no_headers;
    request.is_direct = !f->uses_proxy;
    int64_t since = clock_monotonic_ms();
    enum http_outcome outcome = http_do(f->http, &request, &f->answer, &f->why);
    f->took_ms = clock_monotonic_ms() - since;
    http_answer_fini(&f->answer);
    http_close(f->http);
    return outcome;
}

static void check_explanation(const struct fixture *f, const char *text)
{
    if (!strstr(f->why.text, text)) fail_msg("said: %s", f->why.text);
}

/* Not much less, as clocks are read at other moments; and no other limit has struck. */
static void took_about(const struct fixture *f, int64_t ms)
{
    if (f->took_ms < ms - 50 || f->took_ms > ms + LONG_MS / 2) fail_msg("took %d ms", (int)f->took_ms);
}

/* ---- the limits ---- */

static const struct http_limits answer_limit = {LONG_MS, LONG_S, 300, LONG_MS};
static const struct http_limits stall_limit = {LONG_MS, 1, LONG_MS, LONG_MS};

/* Counts what it takes, up to a limit. */
struct counter {
    size_t len, most;
};

static bool count(void *context, const void *data, size_t len)
{
    struct counter *counter = context;
    (void)data;
    counter->len += len;
    return counter->len <= counter->most;
}

static void an_answer_that_never_ends_is_cut_at_the_limit(void **state)
{
    struct fixture *f = *state;
    struct counter counter = {0, SIZE_MAX};
    struct http_sink sink = {count, &counter, 0};
    buf_append_text(&f->body, "x");
    const struct http_request requests[] = {
        {.method = HTTP_GET}, {.method = HTTP_PUT, .body = &f->body}, {.method = HTTP_GET, .sink = &sink}};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        start_server(f, answer_without_end);
        assert_int_equal(send_request(f, answer_limit, requests[i]), HTTP_UNKNOWN);
        end_server(f);
        took_about(f, 300);
        check_explanation(f, requests[i].sink ? "too slow" : "no answer in time");
    }
}

static void the_time_limit_of_a_read_grows_with_the_object(void **state)
{
    struct fixture *f = *state;
    struct counter counter = {0, SIZE_MAX};
    struct http_sink sink = {count, &counter, 1000 * 1000};
    start_server(f, answer_in_time);
    assert_int_equal(send_request(f, answer_limit, (struct http_request){.method = HTTP_GET, .sink = &sink}),
                     HTTP_ANSWERED);
    end_server(f);
    took_about(f, 500);
    assert_int_equal(counter.len, 1000);
}

static void a_sink_that_takes_no_more_ends_the_request(void **state)
{
    struct fixture *f = *state;
    struct counter counter = {0, 500};
    struct http_sink sink = {count, &counter, 0};
    start_server(f, answer_without_end);
    assert_int_equal(send_request(f, stall_limit, (struct http_request){.method = HTTP_GET, .sink = &sink}),
                     HTTP_UNKNOWN);
    end_server(f);
    assert_true(counter.len > 500 && counter.len < 65536);
}

static void an_upload_that_is_too_slow_is_aborted(void **state)
{
    struct fixture *f = *state;
    buf_reserve(&f->body, BODY_SIZE);
    f->body.len = BODY_SIZE;
    memset(f->body.data, 'x', BODY_SIZE);
    start_server(f, take_too_slowly);
    assert_int_equal(
        send_request(f, stall_limit, (struct http_request){.method = HTTP_PUT, .body = &f->body}),
        HTTP_UNKNOWN);
    end_server(f);
    took_about(f, 1000);
    assert_true(f->server.taken > 0);
    check_explanation(f, "too slow");
}

/* However small the request, and also where there is no body, or an empty one. */
static void a_server_that_takes_a_request_and_says_nothing_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct buf empty = BUF_EMPTY;
    buf_append_text(&f->body, "x");
    const struct http_request requests[] = {{.method = HTTP_HEAD},
                                            {.method = HTTP_GET},
                                            {.method = HTTP_PUT, .body = &f->body},
                                            {.method = HTTP_PUT, .body = &empty}};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        start_server(f, take_and_keep_silent);
        assert_int_equal(send_request(f, answer_limit, requests[i]), HTTP_UNKNOWN);
        end_server(f);
        took_about(f, 300);
        assert_int_equal(f->answer.limit, HTTP_LIMIT_ANSWER);
        check_explanation(f, "no answer in time, though the server had taken the request");
    }
}

/* 1.6 s for the body alone. */
static void the_time_for_an_answer_begins_when_the_body_is_taken(void **state)
{
    static const struct http_limits limits = {LONG_MS, LONG_S, 1000, LONG_MS};
    struct fixture *f = *state;
    buf_reserve(&f->body, BODY_SIZE);
    f->body.len = BODY_SIZE;
    memset(f->body.data, 'x', BODY_SIZE);
    start_server(f, take_slowly_and_answer);
    assert_int_equal(send_request(f, limits, (struct http_request){.method = HTTP_PUT, .body = &f->body}),
                     HTTP_ANSWERED);
    end_server(f);
    assert_true(f->took_ms >= 1500);
}

/* Whatever was asked for: without a connection the server cannot have acted. */
static void a_connect_timeout_means_that_nothing_was_sent(void **state)
{
    static const struct http_limits limits = {300, LONG_S, LONG_MS, LONG_MS};
    struct fixture *f = *state;
    buf_append_text(&f->body, "x");
    const struct http_request requests[] = {{.method = HTTP_PUT, .body = &f->body}, {.method = HTTP_HEAD}};
    start_full_server(f);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        enum http_outcome outcome = send_request(f, limits, requests[i]);
        took_about(f, 300);
        check_explanation(f, "no connection in time");
        assert_int_equal(outcome, HTTP_NOT_SENT);
    }
    end_full_server(f);
}

static void headers_without_end_are_cut_before_they_fill_the_memory(void **state)
{
    static const struct http_limits limits = {LONG_MS, LONG_S, LONG_MS, LONG_MS};
    static void (*const behaviours[])(struct server * server, int fd) = {send_trailers_without_end,
                                                                         send_a_header_without_end};
    struct fixture *f = *state;
    buf_append_text(&f->body, "x");
    for (size_t i = 0; i < 2 * sizeof behaviours / sizeof *behaviours; i++) {
        const struct http_request get = {.method = HTTP_GET}, put = {.method = HTTP_PUT, .body = &f->body};
        f->server.flooded = 0;
        start_server(f, behaviours[i / 2]);
        assert_int_equal(send_request(f, limits, i % 2 ? get : put), HTTP_UNKNOWN);
        end_server(f);
        check_explanation(f, "the headers of the answer are longer than");
        assert_true(f->server.flooded < (size_t)16 << 20); /* what waits in the kernel is among it */
    }
}

static void a_proxy_whose_refusal_never_ends_is_given_up(void **state)
{
    static const struct http_limits limits = {300, LONG_S, 5000, LONG_MS};
    struct fixture *f = *state;
    char proxy[sizeof f->url];
    start_server(f, refuse_to_connect_without_end);
    (void)snprintf(proxy, sizeof proxy, "%.*s", (int)(strlen(f->url) - strlen("/a")), f->url);
    (void)snprintf(f->url, sizeof f->url, "https://127.0.0.1:1/a");
    assert_int_equal(setenv("https_proxy", proxy, 1), 0);
    f->uses_proxy = true;
    enum http_outcome outcome = send_request(f, limits, (struct http_request){.method = HTTP_GET});
    assert_int_equal(unsetenv("https_proxy"), 0);
    end_server(f);
    assert_int_equal(outcome, HTTP_NOT_SENT);
    took_about(f, 300);
    check_explanation(f, "no connection in time");
}

static void a_proxy_that_is_not_understood_is_not_repeated(void **state)
{
    static const char *const proxies[] = {"http://user:SECRET@h:99999", "foo://user:SECRET@h:1",
                                          "http://us er:SECRET@127.0.0.1:1"};
    static const struct http_limits limits = {300, LONG_S, LONG_MS, LONG_MS};
    struct fixture *f = *state;
    start_full_server(f);
    f->uses_proxy = true;
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        (void)setenv("http_proxy", proxies[i], 1);
        (void)send_request(f, limits, (struct http_request){.method = HTTP_HEAD});
        check_explanation(f, "the proxy's URL is not understood: see HTTPS_PROXY, http_proxy, ALL_PROXY");
    }
    (void)unsetenv("http_proxy");
    end_full_server(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_that_never_ends_is_cut_at_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_time_limit_of_a_read_grows_with_the_object, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sink_that_takes_no_more_ends_the_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_upload_that_is_too_slow_is_aborted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_that_takes_a_request_and_says_nothing_is_given_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_time_for_an_answer_begins_when_the_body_is_taken, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_connect_timeout_means_that_nothing_was_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_without_end_are_cut_before_they_fill_the_memory, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_proxy_whose_refusal_never_ends_is_given_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_proxy_that_is_not_understood_is_not_repeated, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
