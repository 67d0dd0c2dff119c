/*
 * server -- see server.h.
 *
 * One thread. The loop wakes when a sender can be read or accepted, when the intake has space again, when a stop is
 * requested, when something was posted to the gate, every five seconds for the sign of life (for the service manager's
 * watchdog as often as that wants it), and about once a second to tell the status who is connected.
 */
#include "collector/net/server.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/net/acceptor.h"
#include "collector/net/clients.h"
#include "collector/net/connected.h"
#include "collector/net/listener.h"
#include "common/clock.h"
#include "common/log.h"

#define SILENCE_CHECKS 4 /* in one IDLE_TIMEOUT */
#define REPORT_MS      1000
#define REPORT_SHARE   100 /* at most one part in so many of the time goes into reports */

struct server {
    struct server_parts parts;
    struct event_base *base;
    struct event *stop, *posted, *space, *beat, *watchdog, *silence, *report;
    struct clients *clients;
    struct acceptor *acceptor;
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

/* ---- what the service manager hears ---- */

/* The start is over once the spool can be written: senders are accepted already, but not read. */
static void tell_manager(struct server *server)
{
    struct service_manager *manager = server->parts.manager;
    const char *reason = gate_code(server->parts.gate);
    if (gate_holds(server->parts.gate, GATE_STARTING))
        service_manager_extend_start(manager);
    else
        service_manager_ready(manager);
    if (reason)
        service_manager_status(manager, "nothing is read: %s", reason);
    else
        service_manager_status(manager, "events are received; senders connected: %" PRId64,
                               clients_count(server->clients));
}

static void on_watchdog(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    (void)fd;
    (void)what;
    service_manager_beat(server->parts.manager, server->parts.are_threads_alive(server->parts.context));
}

static void on_posted(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    (void)fd;
    (void)what;
    gate_take(server->parts.gate);
    tell_manager(server);
    if (gate_is_open(server->parts.gate)) clients_serve_queue(server->clients);
    if (server->parts.report) event_active(server->report, EV_TIMEOUT, 0); /* the spool may be open now */
}

/* ---- sign of life, reports and stop ---- */

/* Who is connected, for the status. With very many connections that takes its time, and is done less often. */
static void report(struct server *server)
{
    const struct server_parts *parts = &server->parts;
    struct live_source sources[LIVE_SOURCES_MAX];
    if (!parts->report) return;
    int64_t began_at = clock_monotonic_ms();
    size_t count = connected_list(server->clients, sources);
    bool is_soon = parts->report(parts->context, clients_count(server->clients), sources, count);
    int64_t pause_ms = (clock_monotonic_ms() - began_at) * REPORT_SHARE;
    struct timeval pause = duration(pause_ms > REPORT_MS ? pause_ms : REPORT_MS);
    if (is_soon && event_add(server->report, &pause) != 0) log_debug("the status gets fewer reports", NULL);
}

static void on_report(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    report(context);
}

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
    bool is_alive = server->parts.are_threads_alive(server->parts.context);
    if (is_alive) lockfile_beat(server->parts.lock);
    tell_manager(server);
    service_manager_beat(server->parts.manager, is_alive);
    problems_refresh(server->parts.problems);
    replacements_log(server->parts.replacements, clock_monotonic_ms());
    if (!event_pending(server->report, EV_TIMEOUT, NULL)) report(server);
}

static void on_silence(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    (void)fd;
    (void)what;
    clients_close_silent(server->clients, server->parts.options.idle_timeout_ms);
}

static struct event *watch(struct server *server, int fd, short what, event_callback_fn callback)
{
    struct event *event = event_new(server->base, fd, what, callback, server);
    if (!event) abort();
    return event;
}

/* Adds the events that are always on, the check of silent senders if IDLE_TIMEOUT is set, and the watchdog's beat. */
static bool add_events(struct server *server)
{
    struct timeval beat = duration(LOCKFILE_BEAT_MS);
    int64_t silence_ms = (server->parts.options.idle_timeout_ms + SILENCE_CHECKS - 1) / SILENCE_CHECKS;
    int64_t watchdog_ms = service_manager_beat_ms(server->parts.manager);
    struct timeval watchdog = duration(watchdog_ms);
    struct timeval silence = duration(silence_ms < LOCKFILE_BEAT_MS ? silence_ms : LOCKFILE_BEAT_MS);
    struct timeval report = duration(0);
    return event_add(server->stop, NULL) == 0 && event_add(server->posted, NULL) == 0 &&
           event_add(server->space, NULL) == 0 && event_add(server->beat, &beat) == 0 &&
           (watchdog_ms == 0 || event_add(server->watchdog, &watchdog) == 0) &&
           (silence_ms == 0 || event_add(server->silence, &silence) == 0) &&
           (!server->parts.report || event_add(server->report, &report) == 0);
}

enum result server_open(struct server **out, const struct server_parts *parts, struct why *why)
{
    const struct server_options *o = &parts->options;
    struct clients_options clients = {parts->gate, o->framing, o->memory_bytes, parts->problems};
    struct acceptor_options acceptor = {o->allow, o->max_connections, o->max_per_source, parts->problems};
    struct server *server = calloc(1, sizeof *server);
    if (!server) abort();
    *out = server;
    server->parts = *parts;
    server->base = event_base_new();
    if (!server->base) return why_set(why, RES_BROKEN, "create the event loop: %s", strerror(errno));
    server->clients = clients_new(server->base, parts->intake, &clients);
    server->acceptor = acceptor_new(server->base, parts->listening_fd, server->clients, &acceptor);
    acceptor_start(server->acceptor);
    server->stop = watch(server, parts->signals->fd, EV_READ | EV_PERSIST, on_stop);
    server->posted = watch(server, gate_fd(parts->gate), EV_READ | EV_PERSIST, on_posted);
    server->space = watch(server, intake_fd(parts->intake), EV_READ | EV_PERSIST, on_space);
    server->beat = watch(server, -1, EV_PERSIST, on_beat);
    server->watchdog = watch(server, -1, EV_PERSIST, on_watchdog);
    server->silence = watch(server, -1, EV_PERSIST, on_silence);
    server->report = watch(server, -1, 0, on_report);
    if (!add_events(server)) return why_set(why, RES_BROKEN, "watch sockets and timers: %s", strerror(errno));
    return RES_OK;
}

void server_close(struct server *server)
{
    if (!server) return;
    acceptor_free(server->acceptor);
    clients_free(server->clients);
    struct event *events[] = {server->stop,     server->posted,  server->space, server->beat,
                              server->watchdog, server->silence, server->report};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i]) event_free(events[i]);
    if (server->base) event_base_free(server->base);
    free(server);
}

/*
 * Senders that connected before the stop are read as well, beyond MAX_CONNECTIONS. The socket of a service manager stays
 * open: who connects later waits there for the next process, and so does everybody who would be accepted now and not read.
 * Returns how many are lost.
 */
static int64_t take_waiting(struct server *server)
{
    if (!server->parts.is_listening_kept) return acceptor_take_waiting(server->acceptor, INT64_MAX);
    bool reads = gate_at_stop(server->parts.gate) == GATE_STOP_READS;
    (void)acceptor_take_waiting(server->acceptor, reads ? LISTENER_BACKLOG : 0);
    log_info("the service manager keeps the port open: new senders wait for the next process", NULL);
    return 0;
}

static void stop(struct server *server, struct drain_report *report)
{
    const struct server_parts *parts = &server->parts;
    struct drain drain = {server->clients, parts->intake, parts->gate, parts->signals};
    int64_t due = clock_monotonic_ms() + DRAIN_MS;
    /* The spool may have been opened a moment ago: then what has arrived can be read. */
    gate_take(parts->gate);
    parts->begin_stop(parts->context, due + DRAIN_COMMIT_MS);
    gate_raise(parts->gate, GATE_STOPPING, "a stop was requested: what has arrived is read and committed",
               "wait: this takes 8 seconds at most");
    service_manager_status(parts->manager, "stopping: what has arrived is read and committed");
    service_manager_stopping(parts->manager);
    int64_t left = take_waiting(server);
    drain_run(&drain, due, report);
    report->unaccepted_connections = left;
    if (left > 0)
        log_error("senders that waited to be accepted could not be, for lack of descriptors: nothing of what "
                  "they sent was read",
                  "senders=%" PRId64 " remedy=%s", left, LOG_QUOTE("raise the limit of open files"));
}

enum result server_run(struct server *server, struct drain_report *report, struct why *why)
{
    tell_manager(server);
    if (event_base_dispatch(server->base) < 0) return why_set(why, RES_BROKEN, "the event loop failed");
    log_info("stopping: reading what has arrived", "connections=%" PRId64, clients_count(server->clients));
    stop(server, report);
    return RES_OK;
}
