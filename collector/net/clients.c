/*
 * clients -- see clients.h. One list holds all senders in the order of their last activity, the longest silent first.
 */
#include "collector/net/clients.h"

#include <assert.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/log.h"

#define SILENCE_STEP_MS  100  /* between two times that silence is reported */
#define SILENCE_AGAIN_MS 1000 /* when it is checked again whether a sender that has not been read is silent */
#define STALLED_TRIES    32  /* senders whose sockets are checked at most before the first of them is taken */
#define FIELDS_SIZE      128 /* of numbers in a line of the log */

struct client {
    struct clients *all;
    struct conn *conn;
    struct event *readable;
    struct place *place;
    int64_t connected_at; /* monotonic ms */
    int64_t active_at;    /* monotonic ms: when it connected or last sent something that was read */
    bool has_sent_event;  /* and its place knows of it */
    size_t held_bytes;    /* by its unfinished event */
    bool is_queued;       /* `readable` is off until the sender has been read */
    int64_t
        silence_due; /* when its silence is to be reported (monotonic ms); -1: it is in no list of those */
    TAILQ_ENTRY(client) by_activity;
    TAILQ_ENTRY(client) in_queue, by_silence;
};

TAILQ_HEAD(client_queue, client);

struct clients {
    struct event_base *base;
    struct intake *intake;
    struct clients_options options;
    struct places *places;
    struct source_log log;
    struct client_queue by_activity, queue, by_silence;
    struct event *silence; /* fires when the first of `by_silence` may be due */
    int64_t silence_at;    /* when that is; INT64_MAX: it is off */
    uint64_t ignored;      /* elements, of senders that have gone */
    int64_t count;
    size_t held_bytes;
};

static void on_silence(evutil_socket_t fd, short what, void *context);

struct clients *clients_new(struct event_base *base, struct intake *intake,
                            const struct clients_options *options)
{
    struct clients *all = calloc(1, sizeof *all);
    if (!all) abort();
    all->base = base;
    all->intake = intake;
    all->options = *options;
    all->places = places_new();
    TAILQ_INIT(&all->by_activity);
    TAILQ_INIT(&all->queue);
    TAILQ_INIT(&all->by_silence);
    all->silence_at = INT64_MAX;
    all->silence = event_new(base, -1, 0, on_silence, all);
    if (!all->silence) abort();
    return all;
}

int64_t clients_count(const struct clients *all)
{
    return all->count;
}

static void log_end(struct client *client)
{
    char fields[FIELDS_SIZE];
    int64_t now = clock_monotonic_ms();
    (void)snprintf(
        fields, sizeof fields, "connected_s=%" PRId64 " events=%" PRIu64 " ignored_elements=%" PRIu64,
        (now - client->connected_at) / 1000, conn_events(client->conn), conn_ignored(client->conn));
    source_log_add(&client->all->log, SOURCE_DISCONNECTED, conn_source(client->conn), now, fields);
}

static void forget(struct client *client)
{
    struct clients *all = client->all;
    TAILQ_REMOVE(&all->by_activity, client, by_activity);
    if (client->is_queued) TAILQ_REMOVE(&all->queue, client, in_queue);
    if (client->silence_due >= 0) TAILQ_REMOVE(&all->by_silence, client, by_silence);
    log_end(client);
    all->ignored += conn_ignored(client->conn);
    all->held_bytes -= client->held_bytes;
    all->count--;
    event_free(client->readable);
    places_remove(client->place);
    conn_close(client->conn, intake_filling(all->intake));
    free(client);
}

/* clang-analyzer does not follow TAILQ_REMOVE: it takes the new first client for the freed one. */
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
    if (all->ignored > 0)
        log_info("elements that carry nothing were passed over (IGNORE_ELEMENTS)", "elements=%" PRIu64,
                 all->ignored);
    event_free(all->silence);
    source_log_end(&all->log);
    places_free(all->places);
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
    places_note_active(client->place, client->active_at);
}

/* To be called whenever frames may have been found. */
static void note_events(struct client *client)
{
    if (client->has_sent_event || conn_events(client->conn) == 0) return;
    client->has_sent_event = true;
    places_note_event(client->place, clock_monotonic_ms());
}

/* ---- silence ---- */

static void arm_silence(struct clients *all, int64_t due)
{
    int64_t now = clock_monotonic_ms();
    int64_t ms = due > now + SILENCE_STEP_MS ? due - now : SILENCE_STEP_MS;
    struct timeval delay = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (due >= all->silence_at) return;
    all->silence_at = due;
    if (event_add(all->silence, &delay) != 0) abort(); /* out of memory */
}

/* To be called whenever the sender's connection has read or reported something. */
static void note_silence(struct client *client)
{
    struct clients *all = client->all;
    int64_t due = conn_silence_due(client->conn);
    if (due >= 0 && client->silence_due < 0) TAILQ_INSERT_TAIL(&all->by_silence, client, by_silence);
    if (due < 0 && client->silence_due >= 0) TAILQ_REMOVE(&all->by_silence, client, by_silence);
    client->silence_due = due;
    if (due >= 0) arm_silence(all, due);
}

/* Has it sent bytes that we have not read? If the event loop has not reported it yet, only the socket knows. */
static bool has_unread(const struct client *client)
{
    return client->is_queued || conn_has_unread(client->conn);
}

/*
 * The sender whose unfinished event has waited longest for its next byte. Senders with unread bytes in their sockets do
 * not count: they wait for us.
 */
static struct client *longest_stalled(const struct clients *all)
{
    struct client *first = NULL;
    struct client *client = NULL;
    int tries = 0;
    TAILQ_FOREACH (client, &all->by_activity, by_activity) {
        if (client->held_bytes == 0) continue;
        if (!first) first = client;
        if (!has_unread(client)) return client;
        if (++tries == STALLED_TRIES) break;
    }
    return first;
}

/* Stalled events become rejects, so that the others have memory. */
static void keep_within_memory(struct clients *all)
{
    while (all->held_bytes > all->options.unfinished_max_bytes) {
        struct client *client = longest_stalled(all);
        log_warn("an unfinished event became a reject: INTAKE_MEMORY is used up",
                 "source=%s bytes=%zu remedy=%s", conn_source(client->conn), client->held_bytes,
                 LOG_QUOTE("raise INTAKE_MEMORY, or find out why senders stop in the middle of events"));
        conn_reject_unfinished(client->conn, intake_filling(all->intake));
        note_held(client);
        note_silence(client);
        assert(client->held_bytes == 0);
    }
}

/* A sender whose bytes have not been read is not silent: it waits for us. */
static void report_silence(struct client *client, int64_t now)
{
    if (has_unread(client)) {
        client->silence_due = now + SILENCE_AGAIN_MS;
        return;
    }
    conn_report_silence(client->conn, intake_filling(client->all->intake));
    note_events(client);
    note_held(client);
    note_silence(client);
}

static void on_silence(evutil_socket_t fd, short what, void *context)
{
    struct clients *all = context;
    int64_t now = clock_monotonic_ms();
    int64_t due = INT64_MAX;
    struct client *next = NULL;
    (void)fd;
    (void)what;
    all->silence_at = 0; /* armed below, for all of them */
    for (struct client *client = TAILQ_FIRST(&all->by_silence); client; client = next) {
        next = TAILQ_NEXT(client, by_silence);
        if (client->silence_due <= now && !intake_is_full(all->intake)) report_silence(client, now);
        if (client->silence_due >= 0 && client->silence_due < due) due = client->silence_due;
    }
    all->silence_at = INT64_MAX;
    if (due < INT64_MAX) arm_silence(all, due);
    intake_offer(all->intake);
}

/* Reads the sender once, and removes it if it has disconnected. */
static enum conn_step read_client(struct client *client)
{
    struct clients *all = client->all;
    enum conn_step step = conn_receive(client->conn, intake_filling(all->intake));
    if (step == CONN_READ) {
        note_activity(client);
        note_events(client);
        note_held(client);
        note_silence(client);
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
    if (TAILQ_EMPTY(&all->queue) && !intake_is_full(all->intake)) {
        (void)read_client(client);
        return;
    }
    if (TAILQ_EMPTY(&all->queue)) log_debug("reading pauses: the intake is full", NULL);
    client->is_queued = true;
    TAILQ_INSERT_TAIL(&all->queue, client, in_queue);
    (void)event_del(client->readable);
}

static void leave_queue(struct client *client)
{
    client->is_queued = false;
    TAILQ_REMOVE(&client->all->queue, client, in_queue);
    if (event_add(client->readable, NULL) != 0) abort(); /* out of memory */
}

void clients_serve_queue(struct clients *all)
{
    struct client *client = NULL;
    intake_offer(all->intake);
    while ((client = TAILQ_FIRST(&all->queue)) && !intake_is_full(all->intake)) {
        leave_queue(client);
        (void)read_client(client);
    }
}

bool clients_read_round(struct clients *all)
{
    bool has_read = false;
    struct client *last = TAILQ_LAST(&all->by_activity, client_queue);
    struct client *next = NULL;
    for (struct client *client = longest_silent(all); client; client = next) {
        bool is_last = client == last; /* a client that is read moves behind it */
        next = is_last ? NULL : TAILQ_NEXT(client, by_activity);
        if (intake_is_full(all->intake)) return true; /* more may be read once there is space */
        has_read |= read_client(client) == CONN_READ;
    }
    return has_read;
}

/* ---- connecting and disconnecting ---- */

void clients_add(struct clients *all, int fd, const char *source)
{
    char fields[FIELDS_SIZE];
    struct place_key key = places_key(source);
    struct client *client = calloc(1, sizeof *client);
    if (!client) abort();
    client->all = all;
    client->conn = conn_take_fd(fd, source, &all->options.framing);
    client->readable = event_new(all->base, fd, EV_READ | EV_PERSIST, on_readable, client);
    if (!client->readable || event_add(client->readable, NULL) != 0) abort();
    client->connected_at = client->active_at = clock_monotonic_ms();
    client->place = places_add(all->places, &key, client, client->active_at);
    client->silence_due = -1;
    TAILQ_INSERT_TAIL(&all->by_activity, client, by_activity);
    all->count++;
    (void)snprintf(fields, sizeof fields, "connections=%" PRId64, all->count);
    source_log_add(&all->log, SOURCE_CONNECTED, source, client->active_at, fields);
}

/* ---- a place for another one ---- */

struct places *clients_places(const struct clients *all)
{
    return all->places;
}

struct source_log *clients_log(struct clients *all)
{
    return &all->log;
}

bool clients_has_unread(const struct client *client)
{
    return conn_has_unread(client->conn);
}

const char *clients_source(const struct client *client)
{
    return conn_source(client->conn);
}

bool clients_can_be_read(const struct clients *all)
{
    return !intake_is_full(all->intake);
}

void clients_read(struct client *client)
{
    (void)read_client(client);
}

void clients_replace(struct client *client)
{
    struct clients *all = client->all;
    char fields[FIELDS_SIZE];
    int64_t now = clock_monotonic_ms();
    (void)snprintf(fields, sizeof fields, "silent_s=%" PRId64 " events=%" PRIu64 " unread_bytes=%zu",
                   (now - client->active_at) / 1000, conn_events(client->conn),
                   conn_unread_bytes(client->conn));
    source_log_add(&all->log, SOURCE_REPLACED, conn_source(client->conn), now, fields);
    forget(client);
    intake_offer(all->intake);
}

void clients_close_silent(struct clients *all, int64_t ms)
{
    int64_t before = clock_monotonic_ms() - ms;
    struct client *next = NULL;
    for (struct client *client = longest_silent(all); client && client->active_at <= before; client = next) {
        next = TAILQ_NEXT(client, by_activity);
        if (has_unread(client)) continue;
        log_info("a silent sender was disconnected (IDLE_TIMEOUT)", "source=%s", conn_source(client->conn));
        forget(client);
    }
    intake_offer(all->intake);
}
