/*
 * server -- see server.h.
 *
 * One thread. The loop wakes when a sender can be read or accepted, when the intake has space again, when a stop is
 * requested, and every five seconds for the sign of life. Out of descriptors, or at MAX_CONNECTIONS, accepting pauses
 * for a moment: else the loop would spin.
 */
#include "collector/net/server.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/net/clients.h"
#include "collector/net/descriptors.h"
#include "collector/net/listener.h"
#include "collector/net/source_log.h"
#include "common/clock.h"
#include "common/log.h"

#define ACCEPT_PAUSE_MS 100
#define DRAIN_QUIET_MS  50
#define SILENCE_CHECKS  4 /* in one IDLE_TIMEOUT */

struct server {
    struct server_parts parts;
    struct event_base *base;
    struct event *acceptable, *accept_again, *stop, *space, *beat, *silence;
    struct clients *clients;
    int64_t places; /* MAX_CONNECTIONS, or fewer if the limit of open files is lower */
    struct source_log log;
};

static struct timeval duration(int64_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static void on_space(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    (void)fd;
    (void)what;
    intake_acknowledge(server->parts.intake);
    clients_serve_queue(server->clients);
}

/* ---- accepting ---- */

/* Raises a problem, which lasts until a sender is accepted or none waits, and tries again in a moment. */
static void pause_accepting(struct server *server, const char *message, const char *remedy)
{
    struct timeval pause = duration(ACCEPT_PAUSE_MS);
    problems_raise(server->parts.problems, PROBLEM_CONNECTIONS_FULL, message, remedy);
    (void)event_del(server->acceptable);
    (void)event_add(server->accept_again, &pause);
}

static bool is_full(const struct server *server)
{
    return clients_count(server->clients) >= server->places;
}

static int accept_next(struct server *server, char source[EVENT_SOURCE_MAX])
{
    int fd =
        listener_accept(server->parts.listening_fd, server->parts.options.allow, source, EVENT_SOURCE_MAX);
    if (fd < 0 && errno == EACCES) {
        source_log_add(&server->log, SOURCE_NOT_ALLOWED, source, clock_monotonic_ms(), "");
        errno = EACCES; /* logging may have changed it */
    }
    return fd;
}

/* Without a free place a sender is accepted only if an idle one can be disconnected, and only if it may send. */
static void on_acceptable(evutil_socket_t listening_fd, short what, void *context)
{
    struct server *server = context;
    char source[EVENT_SOURCE_MAX];
    (void)listening_fd;
    (void)what;
    if (is_full(server) && !clients_has_idle(server->clients, SERVER_IDLE_MS)) {
        pause_accepting(server, "MAX_CONNECTIONS reached: new senders wait", "raise MAX_CONNECTIONS");
        return;
    }
    int fd = accept_next(server, source);
    if (fd >= 0) {
        if (is_full(server)) (void)clients_close_idle(server->clients, SERVER_IDLE_MS);
        clients_add(server->clients, fd, source);
        problems_end(server->parts.problems, PROBLEM_CONNECTIONS_FULL);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        pause_accepting(server, "out of descriptors or memory: new senders wait",
                        "raise the limit of open files");
    }
}

static void on_accept_again(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    struct pollfd waiting = {.fd = server->parts.listening_fd, .events = POLLIN};
    (void)fd;
    (void)what;
    if (poll(&waiting, 1, 0) == 0) problems_end(server->parts.problems, PROBLEM_CONNECTIONS_FULL);
    if (event_add(server->acceptable, NULL) != 0) abort(); /* out of memory */
}

/* ---- sign of life and stop ---- */

static void on_stop(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    (void)fd;
    (void)what;
    if (signals_stop_requested(server->parts.signals)) (void)event_base_loopbreak(server->base);
}

static void on_beat(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    (void)fd;
    (void)what;
    if (server->parts.is_committer_alive(server->parts.context)) lockfile_beat(server->parts.lock);
    source_log_flush(&server->log, clock_monotonic_ms());
    replacements_log(server->parts.replacements, clock_monotonic_ms());
}

static void on_silence(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    (void)fd;
    (void)what;
    clients_close_silent(server->clients, server->parts.options.idle_timeout_ms);
}

/* Senders that connected before the stop may have sent already: they are read as well. */
static void accept_waiting(struct server *server)
{
    char source[EVENT_SOURCE_MAX];
    for (int i = 0; i < LISTENER_BACKLOG && !is_full(server); i++) {
        int fd = accept_next(server, source);
        if (fd < 0 && errno != EACCES) return;
        if (fd >= 0) clients_add(server->clients, fd, source);
    }
}

/*
 * Reads what senders sent before the stop, all in turn, until no bytes have come for DRAIN_QUIET_MS: data that the
 * peer's kernel held back while we were not reading needs that moment. Senders that never pause are read for
 * SERVER_DRAIN_MS.
 */
static void drain(struct server *server)
{
    int64_t due = clock_monotonic_ms() + SERVER_DRAIN_MS;
    int64_t quiet_since = clock_monotonic_ms();
    bool is_done = intake_is_held(server->parts.intake); /* more could not be committed */
    while (!is_done && clients_count(server->clients) > 0) {
        int64_t now = clock_monotonic_ms();
        (void)intake_wait_for_space(server->parts.intake, (int)(due - now));
        if (clients_read_round(server->clients))
            quiet_since = now;
        else
            (void)poll(NULL, 0, 1);
        is_done = now - quiet_since >= DRAIN_QUIET_MS || now >= due;
        if (now >= due)
            log_warn("senders still sent when the time for reading at a stop was over: the rest is not read",
                     "limit_ms=%d remedy=%s", SERVER_DRAIN_MS,
                     LOG_QUOTE("if every event matters, stop the senders before the collector"));
    }
    clients_close_all(server->clients);
}

/* From here on the system refuses connections, so that senders notice. */
static void stop_listening(struct server *server)
{
    (void)event_del(server->acceptable);
    (void)event_del(server->accept_again);
    close(server->parts.listening_fd);
    server->parts.listening_fd = -1;
}

static struct event *watch(struct server *server, int fd, short what, event_callback_fn callback)
{
    struct event *event = event_new(server->base, fd, what, callback, server);
    if (!event) abort();
    return event;
}

/* Adds the events that are always on, and the check of silent senders if IDLE_TIMEOUT is set. */
static bool add_events(struct server *server)
{
    struct timeval beat = duration(LOCKFILE_BEAT_MS);
    int64_t silence_ms = (server->parts.options.idle_timeout_ms + SILENCE_CHECKS - 1) / SILENCE_CHECKS;
    struct timeval silence = duration(silence_ms < LOCKFILE_BEAT_MS ? silence_ms : LOCKFILE_BEAT_MS);
    return event_add(server->acceptable, NULL) == 0 && event_add(server->stop, NULL) == 0 &&
           event_add(server->space, NULL) == 0 && event_add(server->beat, &beat) == 0 &&
           (silence_ms == 0 || event_add(server->silence, &silence) == 0);
}

enum result server_open(struct server **out, const struct server_parts *parts, struct why *why)
{
    const struct server_options *o = &parts->options;
    struct clients_options clients = {o->framing, o->unfinished_max_bytes};
    struct server *server = calloc(1, sizeof *server);
    if (!server) abort();
    *out = server;
    server->parts = *parts;
    server->places = descriptors_places(o->max_connections);
    server->base = event_base_new();
    if (!server->base) return why_set(why, RES_BROKEN, "create the event loop: %s", strerror(errno));
    server->clients = clients_new(server->base, parts->intake, &clients);
    server->acceptable = watch(server, parts->listening_fd, EV_READ | EV_PERSIST, on_acceptable);
    server->accept_again = watch(server, -1, 0, on_accept_again);
    server->stop = watch(server, parts->signals->fd, EV_READ | EV_PERSIST, on_stop);
    server->space = watch(server, intake_fd(parts->intake), EV_READ | EV_PERSIST, on_space);
    server->beat = watch(server, -1, EV_PERSIST, on_beat);
    server->silence = watch(server, -1, EV_PERSIST, on_silence);
    if (!add_events(server)) return why_set(why, RES_BROKEN, "watch sockets and timers: %s", strerror(errno));
    return RES_OK;
}

void server_close(struct server *server)
{
    if (!server) return;
    clients_free(server->clients);
    struct event *events[] = {server->acceptable, server->accept_again, server->stop,
                              server->space,      server->beat,         server->silence};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i]) event_free(events[i]);
    if (server->base) event_base_free(server->base);
    if (server->parts.listening_fd >= 0) close(server->parts.listening_fd);
    free(server);
}

enum result server_run(struct server *server, struct why *why)
{
    if (event_base_dispatch(server->base) < 0) return why_set(why, RES_BROKEN, "the event loop failed");
    log_info("stopping: reading what has arrived", "connections=%" PRId64, clients_count(server->clients));
    accept_waiting(server);
    stop_listening(server);
    drain(server);
    return RES_OK;
}
