/*
 * web -- see web.h. libevent's evhttp reads requests and writes answers; this file says what is answered. One thread owns
 * all of it; it is woken for its end by an eventfd.
 */
#include "common/status/web.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "common/bound_socket.h"
#include "common/log.h"
#include "common/status/host.h"
#include "common/status/web_connections.h"
#include "common/status/web_listener.h"
#include "common/thread.h"

#define RETRY_S   3 /* between two tries to listen */
#define TIMEOUT_S 5 /* without a byte of the request, or of the answer */

struct web {
    struct web_options options;
    char *host, *allowed_hosts, *csp;
    pthread_t thread;
    int stop_fd;
    struct event_base *base;
    struct evhttp *server;
    struct web_connections *connections;
    struct event *stop, *retry;
    bool has_warned; /* that it cannot listen */
};

/* ---- answers ---- */

static void add_headers(struct evkeyvalq *headers, const char *csp)
{
    const char *const all[][2] = {
        {"Cache-Control", "no-store"},
        {"Connection", "close"},
        {"Content-Security-Policy", csp},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (void)evhttp_add_header(headers, all[i][0], all[i][1]);
}

/* HEAD gets the headers of GET: evhttp would send the body as well. */
static void send_answer(const struct web *web, struct evhttp_request *request,
                        const struct web_answer *answer)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evbuffer_new();
    char length[24];
    if (!body) abort();
    (void)snprintf(length, sizeof length, "%zu", answer->body.len);
    add_headers(headers, web->csp);
    (void)evhttp_add_header(headers, "Content-Type", answer->content_type);
    (void)evhttp_add_header(headers, "Content-Length", length);
    bool has_body = evhttp_request_get_command(request) != EVHTTP_REQ_HEAD;
    if (has_body && evbuffer_add(body, answer->body.data, answer->body.len) != 0) abort();
    evhttp_send_reply(request, answer->code, answer->code == 421 ? "Misdirected Request" : NULL, body);
    evbuffer_free(body);
}

static void refuse(struct web_answer *answer, int code, const char *sentence)
{
    answer->code = code;
    buf_append_text(&answer->body, sentence);
    buf_append_char(&answer->body, '\n');
}

/* ---- requests ---- */

/* Exactly one `Host`, and it is allowed; so is the host in a target such as http://host/path. */
static bool is_for_us(const struct web *web, struct evhttp_request *request)
{
    const struct web_options *o = &web->options;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *in_target = uri ? evhttp_uri_get_host(uri) : NULL;
    const char *node = o->node(o->context);
    const struct evkeyval *header = NULL;
    size_t allowed = 0;
    size_t count = 0;
    TAILQ_FOREACH (header, evhttp_request_get_input_headers(request), next) {
        if (strcasecmp(header->key, "Host") != 0) continue;
        count++;
        allowed += host_is_allowed(header->value, node, web->allowed_hosts);
    }
    return count == 1 && allowed == 1 && (!in_target || host_is_allowed(in_target, node, web->allowed_hosts));
}

static const struct web_route *find_route(const struct web *web, const struct evhttp_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    if (!path) return NULL;
    for (const struct web_route *route = web->options.routes; route->path; route++)
        if (strcmp(route->path, path) == 0) return route;
    return NULL;
}

static void answer_request(struct web *web, struct evhttp_request *request, struct web_answer *answer)
{
    const struct web_options *o = &web->options;
    const struct web_route *route = find_route(web, request);
    enum evhttp_cmd_type method = evhttp_request_get_command(request);
    if (!(route && route->takes_any_host) && !is_for_us(web, request)) {
        refuse(answer, 421,
               "This name is not served here: use the address, or add the name to STATUS_ALLOWED_HOSTS.");
    } else if (!route) {
        refuse(answer, 404, "There is nothing at this path.");
    } else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
        (void)evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET, HEAD");
        refuse(answer, 405, "Only GET and HEAD are understood: nothing can be changed here.");
    } else {
        route->fill(o->context, answer);
    }
}

static void on_request(struct evhttp_request *request, void *context)
{
    struct web_answer answer = {200, WEB_TEXT, BUF_EMPTY};
    answer_request(context, request, &answer);
    send_answer(context, request, &answer);
    buf_fini(&answer.body);
}

/* ---- the thread ---- */

static void on_resume(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)evconnlistener_enable(context);
}

/* Without a free descriptor the socket would stay readable, and this thread would do nothing else than ask for one. */
static void on_accept_error(struct evconnlistener *listener, void *server)
{
    struct timeval pause = {.tv_sec = 1};
    (void)server;
    if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, on_resume, listener, &pause) == 0)
        (void)evconnlistener_disable(listener);
}

/* Listens on `fd`, which evhttp owns then. */
static bool accept_on(struct web *web, int fd)
{
    struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(web->server, fd);
    if (!bound) {
        close(fd);
        return false;
    }
    evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(bound), on_accept_error);
    return true;
}

/* A socket that was passed has the address of whoever has passed it, not that of the settings. */
static void log_place(const struct web *web, int fd, bool is_passed)
{
    char host[BOUND_SOCKET_HOST_SIZE];
    int64_t port = 0;
    struct why why = {0};
    if (!is_passed)
        log_info("status is served", "host=%s port=%" PRId64, web->host, web->options.port);
    else if (bound_socket_name(fd, host, &port, &why) == RES_OK)
        log_info("status is served", "host=%s port=%" PRId64 " socket=%s", host, port,
                 LOG_QUOTE("from the service manager"));
    else
        log_warn("it cannot be told where the status is served", "why=%s", LOG_QUOTE(why.text));
}

/* One warning for all tries; that it works in the end is said as well. */
static void try_to_listen(struct web *web)
{
    const struct web_options *o = &web->options;
    struct timeval pause = {.tv_sec = RETRY_S};
    struct why why = {0};
    int fd = o->listening_fd;
    bool is_passed = fd >= 0;
    enum result res = is_passed ? RES_OK : web_listen(&fd, web->host, o->port, o->port_name, &why);
    web->options.listening_fd = -1;
    if (res == RES_OK && !accept_on(web, fd)) res = why_set(&why, RES_RETRY, "libevent cannot listen");
    if (res == RES_OK) {
        log_place(web, fd, is_passed);
        return;
    }
    if (!web->has_warned)
        log_warn("no status is served; it is tried again", "why=%s remedy=%s", LOG_QUOTE(why.text),
                 LOG_QUOTE(why.remedy));
    web->has_warned = true;
    (void)evtimer_add(web->retry, &pause);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    try_to_listen(context);
}

static void on_stop(evutil_socket_t fd, short what, void *context)
{
    struct web *web = context;
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(web->base);
}

static void *run(void *context)
{
    struct web *web = context;
    try_to_listen(web);
    if (event_base_dispatch(web->base) < 0)
        log_error("the thread that serves status has failed", "remedy=%s", LOG_QUOTE("restart the program"));
    return NULL;
}

/* ---- start and stop ---- */

/* All methods come to on_request(), which knows what to answer; evhttp itself would show its own pages. */
static bool open_server(struct web *web)
{
    web->base = event_base_new();
    if (!web->base) return false;
    web->connections = web_connections_new(web->base);
    web->server = evhttp_new(web->base);
    if (!web->server) return false;
    evhttp_set_max_headers_size(web->server, WEB_HEADERS_MAX);
    evhttp_set_max_body_size(web->server, WEB_BODY_MAX);
    evhttp_set_timeout(web->server, TIMEOUT_S);
    evhttp_set_allowed_methods(web->server, UINT16_MAX);
    evhttp_set_bevcb(web->server, web_connections_add, web->connections);
    evhttp_set_gencb(web->server, on_request, web);
    web->stop = event_new(web->base, web->stop_fd, EV_READ, on_stop, web);
    web->retry = evtimer_new(web->base, on_retry, web);
    return web->stop && web->retry && event_add(web->stop, NULL) == 0;
}

static void web_free(struct web *web)
{
    if (web->server) evhttp_free(web->server);
    web_connections_free(web->connections);
    if (web->stop) event_free(web->stop);
    if (web->retry) event_free(web->retry);
    if (web->base) event_base_free(web->base);
    if (web->stop_fd >= 0) close(web->stop_fd);
    if (web->options.listening_fd >= 0) close(web->options.listening_fd);
    free(web->host);
    free(web->allowed_hosts);
    free(web->csp);
    free(web);
}

static char *copy(const char *text)
{
    char *copied = strdup(text);
    if (!copied) abort();
    return copied;
}

enum result web_start(struct web **out, const struct web_options *options, struct why *why)
{
    struct web *web = calloc(1, sizeof *web);
    if (!web) abort();
    web->options = *options;
    web->host = copy(options->host);
    web->allowed_hosts = copy(options->allowed_hosts ? options->allowed_hosts : "");
    web->csp = copy(options->csp);
    web->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool is_open = web->stop_fd >= 0 && open_server(web);
    int code = is_open ? thread_start(&web->thread, "status-web", run, web) : errno;
    *out = is_open && code == 0 ? web : NULL;
    if (*out) return RES_OK;
    web_free(web);
    return why_set(why, RES_BROKEN, "start the thread that serves status: %s", strerror(code));
}

void web_stop(struct web *web)
{
    if (!web) return;
    (void)eventfd_write(web->stop_fd, 1); /* cannot fail before 2^64 writes */
    (void)pthread_join(web->thread, NULL);
    web_free(web);
}
