/* clients -- see clients.h. One list stands in the order of activity, the longest silent first. */
#include "collector/net/clients.h"

#include <assert.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/log.h"

#define STALLED_TRIES 32 /* at most: where so many have bytes waiting, the first of them is as good as any */

struct client {
    struct clients *all;
    struct conn *conn;
    struct event *readable;
    int64_t active_at; /* monotonic ms: it connected, or something came */
    size_t held_bytes; /* for what is unfinished */
    bool is_in_line;   /* its event is off until it has been read */
    TAILQ_ENTRY(client) by_activity;
    TAILQ_ENTRY(client) in_line;
};

TAILQ_HEAD(client_queue, client);

struct clients {
    struct event_base *base;
    struct intake *intake;
    struct clients_rules rules;
    struct client_queue by_activity, line;
    int64_t count;
    size_t held_bytes;
};

struct clients *clients_new(struct event_base *base, struct intake *intake, const struct clients_rules *rules)
{
    struct clients *all = calloc(1, sizeof *all);
    if (!all) abort();
    all->base = base;
    all->intake = intake;
    all->rules = *rules;
    TAILQ_INIT(&all->by_activity);
    TAILQ_INIT(&all->line);
    return all;
}

int64_t clients_count(const struct clients *all)
{
    return all->count;
}

static void forget(struct client *client)
{
    struct clients *all = client->all;
    TAILQ_REMOVE(&all->by_activity, client, by_activity);
    if (client->is_in_line) TAILQ_REMOVE(&all->line, client, in_line);
    log_debug("sender disconnected", "source=%s", conn_source(client->conn));
    all->held_bytes -= client->held_bytes;
    all->count--;
    event_free(client->readable);
    conn_close(client->conn, intake_filling(all->intake));
    free(client);
}

/* clang-analyzer does not follow TAILQ_REMOVE, and takes the next first one for the one that was freed. */
static struct client *longest_silent(const struct clients *all)
{
    return TAILQ_FIRST(&all->by_activity); // NOLINT(clang-analyzer-unix.Malloc)
}

void clients_close_all(struct clients *all)
{
    struct client *client = NULL;
    while ((client = longest_silent(all))) forget(client);
    intake_offer(all->intake);
}

void clients_free(struct clients *all)
{
    if (!all) return;
    clients_close_all(all);
    free(all);
}

/* ---- reading ---- */

static void note_held(struct client *client)
{
    size_t held_bytes = conn_held_bytes(client->conn);
    client->all->held_bytes += held_bytes - client->held_bytes;
    client->held_bytes = held_bytes;
}

static void note_activity(struct client *client)
{
    struct clients *all = client->all;
    TAILQ_REMOVE(&all->by_activity, client, by_activity);
    TAILQ_INSERT_TAIL(&all->by_activity, client, by_activity);
    client->active_at = clock_monotonic_ms();
}

/* It has sent: it is we who have not read. Only a look at the socket tells, where the loop has not come round to it. */
static bool has_sent(const struct client *client)
{
    return client->is_in_line || conn_has_waiting(client->conn);
}

/* Whose unfinished event has waited the longest for its next byte: one whose bytes lie in its socket waits for us. */
static struct client *longest_stalled(const struct clients *all)
{
    struct client *first = NULL;
    struct client *client = NULL;
    int tries = 0;
    TAILQ_FOREACH (client, &all->by_activity, by_activity) {
        if (client->held_bytes == 0) continue;
        if (!first) first = client;
        if (!has_sent(client)) return client;
        if (++tries == STALLED_TRIES) break;
    }
    return first;
}

/* Stalled events make room for the others. */
static void keep_within_memory(struct clients *all)
{
    while (all->held_bytes > all->rules.unfinished_max) {
        struct client *client = longest_stalled(all);
        log_warn("an unfinished event was set aside: INTAKE_MEMORY is used up",
                 "source=%s bytes=%zu remedy=%s", conn_source(client->conn), client->held_bytes,
                 LOG_QUOTE("raise INTAKE_MEMORY, or find out why senders stop in the middle of events"));
        conn_set_aside(client->conn, intake_filling(all->intake));
        note_held(client);
        assert(client->held_bytes == 0);
    }
}

/* Reads once. */
static enum conn_step read_client(struct client *client)
{
    struct clients *all = client->all;
    enum conn_step step = conn_receive(client->conn, intake_filling(all->intake));
    if (step == CONN_READ) {
        note_activity(client);
        note_held(client);
        keep_within_memory(all);
    } else if (step == CONN_ENDED) {
        forget(client);
    }
    intake_offer(all->intake);
    return step;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct client *client = context;
    struct clients *all = client->all;
    (void)fd;
    (void)what;
    if (TAILQ_EMPTY(&all->line) && !intake_is_full(all->intake)) {
        (void)read_client(client);
        return;
    }
    if (TAILQ_EMPTY(&all->line)) log_debug("reading pauses: the disk is behind", NULL);
    client->is_in_line = true;
    TAILQ_INSERT_TAIL(&all->line, client, in_line);
    (void)event_del(client->readable);
}

static void leave_line(struct client *client)
{
    client->is_in_line = false;
    TAILQ_REMOVE(&client->all->line, client, in_line);
    if (event_add(client->readable, NULL) != 0) abort(); /* out of memory */
}

void clients_serve_line(struct clients *all)
{
    struct client *client = NULL;
    intake_offer(all->intake);
    while ((client = TAILQ_FIRST(&all->line)) && !intake_is_full(all->intake)) {
        leave_line(client);
        (void)read_client(client);
    }
}

bool clients_read_round(struct clients *all)
{
    bool has_read = false;
    struct client *last = TAILQ_LAST(&all->by_activity, client_queue);
    struct client *next = NULL;
    for (struct client *client = longest_silent(all); client; client = next) {
        bool is_last = client == last; /* those that are read move behind it */
        next = is_last ? NULL : TAILQ_NEXT(client, by_activity);
        if (intake_is_full(all->intake)) return true; /* there is more, when there is room */
        has_read |= read_client(client) == CONN_READ;
    }
    return has_read;
}

/* ---- coming and going ---- */

void clients_add(struct clients *all, int fd, const char *source)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client) abort();
    client->all = all;
    client->conn = conn_take_fd(fd, source, all->rules.element, all->rules.max_message);
    client->readable = event_new(all->base, fd, EV_READ | EV_PERSIST, on_readable, client);
    if (!client->readable || event_add(client->readable, NULL) != 0) abort();
    client->active_at = clock_monotonic_ms();
    TAILQ_INSERT_TAIL(&all->by_activity, client, by_activity);
    all->count++;
    log_debug("sender connected", "source=%s", source);
}

static struct client *longest_idle(const struct clients *all, int64_t ms)
{
    int64_t before = clock_monotonic_ms() - ms;
    struct client *client = NULL;
    TAILQ_FOREACH (client, &all->by_activity, by_activity) {
        if (client->active_at > before) return NULL;
        if (client->held_bytes == 0 && !has_sent(client)) return client;
    }
    return NULL;
}

bool clients_has_idle(const struct clients *all, int64_t ms)
{
    return longest_idle(all, ms) != NULL;
}

bool clients_close_idle(struct clients *all, int64_t ms)
{
    struct client *client = longest_idle(all, ms);
    if (!client) return false;
    log_info("MAX_CONNECTIONS reached: the sender idle longest makes room", "source=%s idle_s=%" PRId64,
             conn_source(client->conn), (clock_monotonic_ms() - client->active_at) / 1000);
    forget(client);
    return true;
}

void clients_close_silent(struct clients *all, int64_t ms)
{
    int64_t before = clock_monotonic_ms() - ms;
    struct client *next = NULL;
    for (struct client *client = longest_silent(all); client && client->active_at <= before; client = next) {
        next = TAILQ_NEXT(client, by_activity);
        if (has_sent(client)) continue;
        log_info("a silent sender is disconnected (IDLE_TIMEOUT)", "source=%s", conn_source(client->conn));
        forget(client);
    }
    intake_offer(all->intake);
}
