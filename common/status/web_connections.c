/* web_connections -- see web_connections.h. The list has the oldest connection first. */
#include "common/status/web_connections.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "common/clock.h"

#define SWEEP_MS 250
#define READ_MAX (32 << 10) /* bytes that are read ahead of what the server has taken */

struct connection {
    struct bufferevent *bev; /* a reference of our own */
    int64_t began_at;        /* monotonic ms */
    bool is_shut;
    TAILQ_ENTRY(connection) next;
};

TAILQ_HEAD(connection_list, connection);

struct web_connections {
    struct connection_list all;
    struct event *sweep; /* on while there are connections */
};

/* The server takes its callbacks away when it frees a connection. */
static bool is_freed(const struct connection *c)
{
    bufferevent_event_cb on_event = NULL;
    bufferevent_getcb(c->bev, NULL, NULL, &on_event, NULL);
    return !on_event;
}

static void shut(struct connection *c)
{
    if (c->is_shut) return;
    c->is_shut = true;
    (void)shutdown(bufferevent_getfd(c->bev), SHUT_RDWR); /* the peer may have gone already */
}

static void forget(struct web_connections *all, struct connection *c)
{
    TAILQ_REMOVE(&all->all, c, next);
    bufferevent_decref(c->bev);
    free(c);
}

/* Forgets those that were freed, and shuts down those that are too old or, beyond `most`, the oldest. */
static void tidy(struct web_connections *all, size_t most)
{
    int64_t now = clock_monotonic_ms();
    struct connection *next = NULL;
    size_t open = 0;
    for (struct connection *c = TAILQ_FIRST(&all->all); c; c = next) {
        next = TAILQ_NEXT(c, next);
        if (is_freed(c))
            forget(all, c);
        else if (now - c->began_at >= WEB_CONNECTION_MS)
            shut(c);
        else
            open += !c->is_shut;
    }
    struct connection *c = NULL;
    TAILQ_FOREACH (c, &all->all, next) {
        if (open <= most) break;
        open -= !c->is_shut;
        shut(c);
    }
}

static void schedule(struct web_connections *all)
{
    struct timeval pause = {.tv_usec = SWEEP_MS * 1000};
    if (event_add(all->sweep, &pause) != 0) abort();
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    struct web_connections *all = context;
    (void)fd;
    (void)what;
    tidy(all, WEB_CONNECTIONS_MAX);
    if (!TAILQ_EMPTY(&all->all)) schedule(all);
}

struct web_connections *web_connections_new(struct event_base *base)
{
    struct web_connections *all = calloc(1, sizeof *all);
    if (!all) abort();
    TAILQ_INIT(&all->all);
    all->sweep = evtimer_new(base, on_sweep, all);
    if (!all->sweep) abort();
    return all;
}

void web_connections_free(struct web_connections *all)
{
    if (!all) return;
    while (!TAILQ_EMPTY(&all->all)) forget(all, TAILQ_FIRST(&all->all)); // NOLINT(clang-analyzer-unix.Malloc)
    event_free(all->sweep);
    free(all);
}

struct bufferevent *web_connections_add(struct event_base *base, void *context)
{
    struct web_connections *all = context;
    struct connection *c = calloc(1, sizeof *c);
    if (!c) abort();
    tidy(all, WEB_CONNECTIONS_MAX - 1);
    /* The server sets the socket. It is closed with the last reference, ours: until then nobody else has its number. */
    c->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (!c->bev) abort();
    bufferevent_setwatermark(c->bev, EV_READ, 0, READ_MAX); /* also between the server's end and ours */
    bufferevent_incref(c->bev);
    c->began_at = clock_monotonic_ms();
    TAILQ_INSERT_TAIL(&all->all, c, next);
    if (!evtimer_pending(all->sweep, NULL)) schedule(all);
    return c->bev;
}

size_t web_connections_count(struct web_connections *all)
{
    size_t count = 0;
    struct connection *c = NULL;
    TAILQ_FOREACH (c, &all->all, next) count += !is_freed(c);
    return count;
}
