/*
 * clients -- see clients.h. One list holds all senders in the order of their last activity, the longest silent first.
 * Who is read when is in serving.c, the time without bytes in silence.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/net/client.h"
#include "collector/net/clients.h"
#include "common/clock.h"
#include "common/log.h"

#define FIELDS_SIZE 128 /* of numbers in a line of the log */
#define CLOSE_STEPS 16  /* chunks filled at most before the caller looks at the time */

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
    serving_open(all);
    silence_open(all);
    return all;
}

int64_t clients_count(const struct clients *all)
{
    return all->count;
}

/* ---- coming and going ---- */

static void log_end(struct client *client)
{
    char fields[FIELDS_SIZE];
    int64_t now = clock_monotonic_ms();
    (void)snprintf(
        fields, sizeof fields, "connected_s=%" PRId64 " events=%" PRIu64 " ignored_elements=%" PRIu64,
        (now - client->connected_at) / 1000, conn_events(client->conn), conn_ignored(client->conn));
    source_log_add(&client->all->log, SOURCE_DISCONNECTED, conn_source(client->conn), now, fields);
}

void client_forget(struct client *client)
{
    struct clients *all = client->all;
    TAILQ_REMOVE(&all->by_activity, client, by_activity);
    serving_remove(client);
    silence_remove(client);
    log_end(client);
    all->ignored += conn_ignored(client->conn);
    all->count--;
    event_free(client->readable);
    if (client->place) places_remove(client->place);
    conn_close(client->conn);
    free(client);
}

/* clang-analyzer does not follow TAILQ_REMOVE: it takes the new first client for the freed one. */
static struct client *longest_silent(const struct clients *all)
{
    return TAILQ_FIRST(&all->by_activity); // NOLINT(clang-analyzer-unix.Malloc)
}

/*
 * Ends it as if its sender had closed it. Its place is free at once; if more has been found in what it sent than the
 * chunk takes, it stays in the queue for that.
 */
static void end_client(struct client *client)
{
    struct clients *all = client->all;
    enum conn_step step = conn_end(client->conn, intake_filling(all->intake));
    if (step == CONN_ENDED) {
        client_forget(client);
    } else {
        admission_set_source(&all->admission, &client->memory, &all->ended);
        if (client->place) places_remove(client->place);
        client->place = NULL;
        client->has_sent_event = true; /* no place needs to know any more */
        serving_note(client, 0, true);
        silence_note(client);
    }
    intake_offer(all->intake);
}

bool clients_close_all(struct clients *all)
{
    struct client *client = longest_silent(all);
    for (int i = 0; i < CLOSE_STEPS && client && !intake_is_full(all->intake); i++) {
        if (conn_end(client->conn, intake_filling(all->intake)) == CONN_ENDED) client_forget(client);
        intake_offer(all->intake);
        client = longest_silent(all);
    }
    return !client;
}

int64_t clients_abandon(struct clients *all)
{
    struct client *client = NULL;
    uint64_t bytes = 0;
    while ((client = longest_silent(all))) {
        bytes += conn_unreported_bytes(client->conn);
        client_forget(client);
    }
    return (int64_t)bytes;
}

void clients_free(struct clients *all)
{
    if (!all) return;
    (void)clients_abandon(all); /* after a stop there are none */
    if (all->ignored > 0)
        log_info("elements that carry nothing were passed over (IGNORE_ELEMENTS)", "elements=%" PRIu64,
                 all->ignored);
    silence_close(all);
    serving_close(all);
    source_log_end(&all->log);
    places_free(all->places);
    free(all);
}

void clients_add(struct clients *all, int fd, const char *source)
{
    char fields[FIELDS_SIZE];
    struct address_key key = address_key(source);
    struct client *client = calloc(1, sizeof *client);
    if (!client) abort();
    client->all = all;
    client->conn = conn_take_fd(fd, source, &all->options.framing);
    client->readable = event_new(all->base, fd, EV_READ | EV_PERSIST, serving_on_readable, client);
    if (!client->readable || event_add(client->readable, NULL) != 0) abort();
    client->connected_at = client->active_at = clock_monotonic_ms();
    client->place = places_add(all->places, &key, client, client->active_at);
    client->silence_due = -1;
    admission_add(&all->admission, &client->memory, places_memory(client->place),
                  sizeof *client + conn_fixed_bytes(client->conn));
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

enum clients_reading clients_reading(const struct clients *all)
{
    if (!serving_is_open(all)) return CLIENTS_ARE_PAUSED;
    if (!serving_may_read(all)) return CLIENTS_ARE_BUSY;
    return admission_is_short(&all->admission) ? CLIENTS_LACK_MEMORY : CLIENTS_CAN_READ;
}

void clients_read(struct client *client)
{
    (void)serving_read(client);
}

void clients_replace(struct client *client)
{
    struct clients *all = client->all;
    char fields[FIELDS_SIZE];
    int64_t now = clock_monotonic_ms();
    int64_t unread_bytes = conn_waiting_bytes(client->conn);
    (void)snprintf(fields, sizeof fields, "silent_s=%" PRId64 " events=%" PRIu64 " unread_bytes=%" PRId64,
                   (now - client->active_at) / 1000, conn_events(client->conn), unread_bytes);
    source_log_add(&all->log, unread_bytes > 0 ? SOURCE_CUT_OFF : SOURCE_REPLACED, conn_source(client->conn),
                   now, fields);
    end_client(client);
}

void clients_close_silent(struct clients *all, int64_t ms)
{
    int64_t now = clock_monotonic_ms();
    struct client *next = NULL;
    for (struct client *client = longest_silent(all); client && now - client->active_at >= ms;
         client = next) {
        next = TAILQ_NEXT(client, by_activity);
        if (serving_has_unread(client)) continue;
        source_log_add(&all->log, SOURCE_SILENT, conn_source(client->conn), now, "");
        end_client(client);
    }
    clients_serve_queue(all);
}

/* ---- a stop ---- */

/* Nothing of what it had sent before the stop is left, and others wait for the memory that it holds. */
static bool is_in_the_way(const struct client *client)
{
    return client->all->is_limited && admission_is_short(&client->all->admission) &&
           conn_unread_bytes(client->conn) == 0 && !conn_is_pending(client->conn);
}

bool clients_read_round(struct clients *all)
{
    bool may_read_more = false;
    struct client *last = TAILQ_LAST(&all->by_activity, client_queue);
    struct client *next = NULL;
    for (struct client *client = longest_silent(all); client; client = next) {
        bool is_last = client == last; /* a client that is read moves behind it */
        next = is_last ? NULL : TAILQ_NEXT(client, by_activity);
        if (!serving_may_read(all)) return true; /* more may be read once there is space */
        enum conn_step step = serving_read(client);
        may_read_more |= step == CONN_READ;
        if (step != CONN_ENDED && is_in_the_way(client)) end_client(client);
    }
    intake_offer(all->intake);
    return may_read_more || !TAILQ_EMPTY(&all->queue) || clients_unread_bytes(all) > 0;
}

int64_t clients_limit_to_arrived(struct clients *all)
{
    struct client *client = NULL;
    all->is_limited = true;
    TAILQ_FOREACH (client, &all->by_activity, by_activity) {
        conn_limit_to_arrived(client->conn);
    }
    return clients_unread_bytes(all);
}

/* The sum over all connections. The analyzer takes a client that is still in the list for one that was freed. */
static int64_t sum(const struct clients *all, int64_t (*of)(const struct conn *conn))
{
    const struct client *client = NULL;
    int64_t total = 0;
    TAILQ_FOREACH (client, &all->by_activity, by_activity)
        total += of(client->conn); // NOLINT(clang-analyzer-unix.Malloc)
    return total;
}

static int64_t count_unread(const struct conn *conn)
{
    return conn_unread_bytes(conn) > 0;
}

int64_t clients_unread_bytes(const struct clients *all)
{
    return sum(all, conn_unread_bytes);
}

int64_t clients_unread_count(const struct clients *all)
{
    return sum(all, count_unread);
}

int64_t clients_waiting_bytes(const struct clients *all)
{
    return sum(all, conn_waiting_bytes);
}
