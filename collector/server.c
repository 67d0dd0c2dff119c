/*
 * server -- see server.h.
 *
 * One thread. The loop wakes for: a sender, a new connection, the intake having room again, a stop, and every five
 * seconds for the sign of life. Out of descriptors, accepting pauses for a moment instead of spinning.
 */
#include "collector/server.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "collector/conn.h"
#include "collector/listener.h"
#include "common/clock.h"
#include "common/log.h"

#define ACCEPT_PAUSE_MS 100
#define DRAIN_QUIET_MS  50
#define STUCK_MS        LOCKFILE_DEAD_MS
#define SOURCE_SIZE     64

struct client {
    struct server *server;
    struct conn *conn;
    struct event *readable;
    bool is_paused; /* its event is off until the intake has room */
    LIST_ENTRY(client) neighbours;
};

struct server {
    struct server_parts parts;
    struct event_base *base;
    struct event *acceptable, *accept_again, *stop, *room, *beat;
    LIST_HEAD(client_list, client) clients;
    int64_t client_count;
    bool is_paused; /* the intake is full */
    bool is_stopping;
    bool is_told; /* why new senders wait, since the last one was accepted */
};

static void accept_more(struct server *server)
{
    if (server->is_stopping) return;
    if (event_add(server->acceptable, NULL) != 0) abort(); /* out of memory */
}

/* ---- clients ---- */

static void forget_client(struct client *client)
{
    struct server *server = client->server;
    LIST_REMOVE(client, neighbours);
    log_debug("sender disconnected", "source=%s", conn_source(client->conn));
    event_free(client->readable);
    conn_close(client->conn);
    free(client);
    server->client_count--;
    accept_more(server); /* it may have been off at the ceiling */
}

/* clang-analyzer does not follow LIST_REMOVE, and takes the next first one for the one that was freed. */
static struct client *first_client(struct server *server)
{
    return LIST_FIRST(&server->clients); // NOLINT(clang-analyzer-unix.Malloc)
}

static void pause_reading(struct server *server)
{
    if (!server->is_paused) log_debug("reading pauses: the disk is behind", NULL);
    server->is_paused = true;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct client *client = context;
    struct server *server = client->server;
    (void)fd;
    (void)what;
    if (intake_is_full(server->parts.intake)) {
        pause_reading(server);
        client->is_paused = true;
        (void)event_del(client->readable);
        return;
    }
    if (conn_receive(client->conn) == CONN_ENDED) forget_client(client);
    intake_offer(server->parts.intake);
}

static void on_room(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    (void)fd;
    (void)what;
    intake_acknowledge(server->parts.intake);
    intake_offer(server->parts.intake);
    if (!server->is_paused || intake_is_full(server->parts.intake)) return;
    server->is_paused = false;
    struct client *client = NULL;
    LIST_FOREACH (client, &server->clients, neighbours) {
        if (client->is_paused) (void)event_add(client->readable, NULL);
        client->is_paused = false;
    }
}

/* ---- accepting ---- */

static void add_client(struct server *server, int fd, const char *source)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client) abort();
    client->server = server;
    client->conn = conn_take_fd(fd, source, server->parts.reception);
    client->readable = event_new(server->base, fd, EV_READ | EV_PERSIST, on_readable, client);
    if (!client->readable || event_add(client->readable, NULL) != 0) abort();
    LIST_INSERT_HEAD(&server->clients, client, neighbours);
    server->client_count++;
    server->is_told = false;
    log_debug("sender connected", "source=%s", source);
}

/* Once, until a sender is accepted again. */
static void tell_waiting(struct server *server, const char *message, const char *remedy)
{
    if (!server->is_told)
        log_warn(message, "connections=%" PRId64 " remedy=%s", server->client_count, LOG_QUOTE(remedy));
    server->is_told = true;
}

static void on_acceptable(evutil_socket_t listening_fd, short what, void *context)
{
    struct server *server = context;
    char source[SOURCE_SIZE];
    (void)what;
    if (server->client_count >= server->parts.settings->max_connections) {
        tell_waiting(server, "MAX_CONNECTIONS reached: new senders wait", "raise MAX_CONNECTIONS");
        (void)event_del(server->acceptable);
        return;
    }
    int fd = listener_accept(listening_fd, source, sizeof source);
    if (fd >= 0) {
        add_client(server, fd, source);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        struct timeval pause = {.tv_usec = ACCEPT_PAUSE_MS * 1000};
        tell_waiting(server, "out of descriptors or memory: new senders wait",
                     "raise the limit of open files");
        (void)event_del(server->acceptable);
        (void)event_add(server->accept_again, &pause);
    }
}

static void on_accept_again(evutil_socket_t fd, short what, void *context)
{
    struct server *server = context;
    (void)fd;
    (void)what;
    accept_more(server);
}

/* ---- life and stop ---- */

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
    if (writer_is_turning(server->parts.writer, STUCK_MS)) lockfile_beat(server->parts.lock);
    reception_log_rejects(server->parts.reception);
}

/* Senders whose connection stood before the stop have sent in good faith: they are read as well. */
static void accept_waiting(struct server *server)
{
    char source[SOURCE_SIZE];
    while (server->client_count < server->parts.settings->max_connections) {
        int fd = listener_accept(server->parts.listening_fd, source, sizeof source);
        if (fd < 0) return;
        add_client(server, fd, source);
    }
}

/* Reads each client once; those that have ended go. True: something came. */
static bool read_round(struct server *server)
{
    bool has_read = false;
    struct client *next = NULL;
    for (struct client *client = first_client(server); client; client = next) {
        next = LIST_NEXT(client, neighbours);
        if (intake_is_full(server->parts.intake)) return true; /* there is more, when there is room */
        enum conn_step step = conn_receive(client->conn);
        has_read |= step == CONN_READ;
        if (step == CONN_ENDED) forget_client(client);
        intake_offer(server->parts.intake);
    }
    return has_read;
}

/*
 * Reads what had arrived before the stop, all senders in turn, until nothing has come for DRAIN_QUIET_MS: data that the
 * peer's kernel held back while we were not reading needs that moment. Senders that never run dry get SERVER_DRAIN_MS.
 */
static void drain(struct server *server)
{
    int64_t due = clock_monotonic_ms() + SERVER_DRAIN_MS;
    int64_t quiet_since = clock_monotonic_ms();
    bool is_done = writer_is_failing(server->parts.writer); /* what is not read stays the sender's */
    while (!is_done && first_client(server)) {
        int64_t now = clock_monotonic_ms();
        (void)intake_wait_for_room(server->parts.intake, (int)(due - now));
        if (read_round(server))
            quiet_since = now;
        else
            (void)poll(NULL, 0, 1);
        is_done = now - quiet_since >= DRAIN_QUIET_MS || now >= due;
        if (now >= due) log_warn("stopping while senders go on: what is not read is theirs", NULL);
    }
    struct client *client = NULL;
    while ((client = first_client(server))) forget_client(client);
}

/* From here on a connection is refused, so that its sender knows. */
static void stop_listening(struct server *server)
{
    server->is_stopping = true;
    (void)event_del(server->acceptable);
    close(server->parts.listening_fd);
    server->parts.listening_fd = -1;
}

static struct event *watch(struct server *server, int fd, short what, event_callback_fn callback)
{
    struct event *event = event_new(server->base, fd, what, callback, server);
    if (!event) abort();
    return event;
}

enum result server_open(struct server **out, const struct server_parts *parts, struct why *why)
{
    struct server *server = calloc(1, sizeof *server);
    struct timeval beat = {.tv_sec = LOCKFILE_BEAT_MS / 1000};
    if (!server) abort();
    *out = server;
    server->parts = *parts;
    server->base = event_base_new();
    if (!server->base) return why_set(why, RES_BROKEN, "create the event loop: %s", strerror(errno));
    server->acceptable = watch(server, parts->listening_fd, EV_READ | EV_PERSIST, on_acceptable);
    server->accept_again = watch(server, -1, 0, on_accept_again);
    server->stop = watch(server, parts->signals->fd, EV_READ | EV_PERSIST, on_stop);
    server->room = watch(server, intake_fd(parts->intake), EV_READ | EV_PERSIST, on_room);
    server->beat = watch(server, -1, EV_PERSIST, on_beat);
    if (event_add(server->acceptable, NULL) != 0 || event_add(server->stop, NULL) != 0 ||
        event_add(server->room, NULL) != 0 || event_add(server->beat, &beat) != 0)
        return why_set(why, RES_BROKEN, "watch descriptors: %s", strerror(errno));
    return RES_OK;
}

void server_close(struct server *server)
{
    if (!server) return;
    struct client *client = NULL;
    while ((client = first_client(server))) forget_client(client);
    struct event *events[] = {server->acceptable, server->accept_again, server->stop, server->room,
                              server->beat};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i]) event_free(events[i]);
    if (server->base) event_base_free(server->base);
    if (server->parts.listening_fd >= 0) close(server->parts.listening_fd);
    free(server);
}

enum result server_run(struct server *server, struct why *why)
{
    if (event_base_dispatch(server->base) < 0) return why_set(why, RES_BROKEN, "the event loop failed");
    log_info("stopping: reading what has arrived", "connections=%" PRId64, server->client_count);
    accept_waiting(server);
    stop_listening(server);
    drain(server);
    reception_log_rejects(server->parts.reception);
    return RES_OK;
}
