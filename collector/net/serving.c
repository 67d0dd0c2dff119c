/*
 * serving -- who is read when (client.h).
 *
 * A sender that can be read and may be is read at once. Otherwise it waits in the queue: while the intake is full, first
 * come, first served; while memory is short, admission.h decides. A sender with frames that the chunk did not take waits
 * there as well, and is served before its socket is read again.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/net/client.h"
#include "collector/net/clients.h"
#include "common/clock.h"
#include "common/log.h"

#define TURN_BYTES      ((size_t)128 << 10) /* are read of one sender at most: then the others have their turn */
#define WAITING_STEP_MS 250                 /* between two looks at what senders wait for */
#define LONG_MS         10000               /* a sender that waits so long is a problem */

static struct client *client_of(struct admission_sender *sender)
{
    return sender ? (struct client *)(void *)((char *)sender - offsetof(struct client, memory)) : NULL;
}

bool serving_is_open(const struct clients *all)
{
    return all->is_limited || gate_is_open(all->options.gate);
}

bool serving_may_read(const struct clients *all)
{
    return serving_is_open(all) && !intake_is_full(all->intake);
}

/* Time has passed, and what is on its way has changed. */
static bool look(struct clients *all)
{
    bool is_empty = false;
    size_t bytes = intake_memory(all->intake, &is_empty);
    admission_note_on_its_way(&all->admission, bytes, is_empty);
    return serving_may_read(all);
}

bool serving_has_unread(const struct client *client)
{
    return client->is_queued || conn_has_unread(client->conn);
}

/* ---- the queue ---- */

static void arm(struct clients *all)
{
    struct timeval step = {.tv_usec = WAITING_STEP_MS * 1000};
    if (!event_pending(all->waiting, EV_TIMEOUT, NULL) && event_add(all->waiting, &step) != 0) abort();
}

static void enter_queue(struct client *client)
{
    struct clients *all = client->all;
    if (client->is_queued) return;
    if (TAILQ_EMPTY(&all->queue)) arm(all);
    client->is_queued = true;
    admission_set_waiting(&all->admission, &client->memory, true);
    client->queued_at = clock_monotonic_ms();
    TAILQ_INSERT_TAIL(&all->queue, client, in_queue);
    (void)event_del(client->readable);
}

static void leave_queue(struct client *client)
{
    if (!client->is_queued) return;
    client->is_queued = false;
    admission_set_waiting(&client->all->admission, &client->memory, false);
    TAILQ_REMOVE(&client->all->queue, client, in_queue);
    if (event_add(client->readable, NULL) != 0) abort(); /* out of memory */
}

static bool may_go_on(const struct client *client)
{
    return conn_is_pending(client->conn) || admission_may_read(&client->all->admission, &client->memory) > 0;
}

/*
 * The next one to be served: while memory is short, the one with the oldest unfinished event and the first of the queue
 * in turn, so that senders of small events need not wait behind all that hold something.
 */
static struct client *next_in_queue(struct clients *all)
{
    struct client *client = NULL;
    all->is_holders_turn = !all->is_holders_turn && admission_is_short(&all->admission);
    if (all->is_holders_turn) client = client_of(admission_next(&all->admission));
    if (client) return client;
    TAILQ_FOREACH (client, &all->queue, in_queue)
        if (may_go_on(client)) return client;
    return NULL;
}

/* ---- reading ---- */

/* A sender of events keeps its place for longer. */
static void note_events(struct client *client)
{
    if (client->has_sent_event || conn_events(client->conn) == 0) return;
    client->has_sent_event = true;
    places_note_event(client->place, clock_monotonic_ms());
}

void serving_note(struct client *client, size_t read_bytes, bool has_new)
{
    struct clients *all = client->all;
    if (read_bytes > 0) {
        TAILQ_REMOVE(&all->by_activity, client, by_activity);
        TAILQ_INSERT_TAIL(&all->by_activity, client, by_activity);
        client->active_at = clock_monotonic_ms();
        places_note_active(client->place, client->active_at);
    }
    note_events(client);
    client->memory.is_too_large = conn_is_too_large(client->conn);
    admission_note(&all->admission, &client->memory, read_bytes, conn_held_bytes(client->conn),
                   sizeof *client + conn_fixed_bytes(client->conn), has_new);
    if (conn_is_pending(client->conn)) enter_queue(client);
}

/* The caller has made sure that it may be read. */
static enum conn_step read_once(struct client *client)
{
    struct clients *all = client->all;
    size_t read_bytes = 0;
    uint64_t frames = conn_frames(client->conn);
    size_t most = admission_may_read(&all->admission, &client->memory);
    if (most > TURN_BYTES) most = TURN_BYTES;
    enum conn_step step = conn_receive(client->conn, intake_filling(all->intake), most, &read_bytes);
    if (step == CONN_READ) {
        serving_note(client, read_bytes, conn_frames(client->conn) > frames);
        silence_note(client);
    } else if (step == CONN_ENDED) {
        client_forget(client);
    }
    intake_offer(all->intake);
    return step;
}

enum conn_step serving_read(struct client *client)
{
    if (!look(client->all) || !may_go_on(client)) return CONN_EMPTY;
    leave_queue(client);
    return read_once(client);
}

void serving_on_readable(evutil_socket_t fd, short what, void *context)
{
    struct client *client = context;
    struct clients *all = client->all;
    (void)fd;
    (void)what;
    if (TAILQ_EMPTY(&all->queue) && look(all) && may_go_on(client)) {
        (void)read_once(client);
        if (TAILQ_EMPTY(&all->queue)) return;
    } else {
        enter_queue(client);
    }
    clients_serve_queue(all);
}

void clients_serve_queue(struct clients *all)
{
    struct client *client = NULL;
    intake_offer(all->intake);
    while (!TAILQ_EMPTY(&all->queue) && look(all) && (client = next_in_queue(all))) {
        leave_queue(client);
        (void)read_once(client);
    }
    if (!TAILQ_EMPTY(&all->queue)) intake_request_wake_up(all->intake);
}

void serving_remove(struct client *client)
{
    if (client->is_queued) TAILQ_REMOVE(&client->all->queue, client, in_queue);
    admission_remove(&client->all->admission, &client->memory);
}

/* ---- waiting for memory ---- */

/* A sender is in the way of others: what it sent of its event becomes a reject, unless it has just sent more. */
static void give_up(struct client *client)
{
    struct clients *all = client->all;
    char fields[32];
    (void)snprintf(fields, sizeof fields, "bytes=%zu", client->memory.held_bytes);
    if (read_once(client) == CONN_ENDED || conn_is_pending(client->conn) ||
        admission_find_slow(&all->admission) != &client->memory)
        return;
    source_log_add(&all->log, SOURCE_GIVEN_UP, conn_source(client->conn), clock_monotonic_ms(), fields);
    conn_reject_unfinished(client->conn, intake_filling(all->intake));
    serving_note(client, 0, true);
    silence_note(client);
}

static void report_waiting(struct clients *all)
{
    const struct client *first = TAILQ_FIRST(&all->queue);
    int64_t now = clock_monotonic_ms();
    int64_t since = !first ? now : first->queued_at;
    if (!gate_is_open(all->options.gate)) all->open_since = now;
    if (since < all->open_since) since = all->open_since; /* another problem says why nobody was read */
    if (!all->options.problems) return;
    if (now - since < LONG_MS) {
        problems_end(all->options.problems, PROBLEM_INTAKE_FULL);
        return;
    }
    bool is_memory = admission_has_room(&all->admission) && !intake_is_full(all->intake);
    problems_raise(all->options.problems, PROBLEM_INTAKE_FULL,
                   is_memory ? "senders wait: unfinished events use up INTAKE_MEMORY"
                             : "senders wait: what has been read is not yet on the disk",
                   is_memory ? "raise INTAKE_MEMORY, or find out why senders stop in the middle of events"
                             : "find out why the disk is slow; INTAKE_MEMORY bounds what may wait for it");
}

static void on_waiting(evutil_socket_t fd, short what, void *context)
{
    struct clients *all = context;
    (void)fd;
    (void)what;
    clients_serve_queue(all);
    bool is_reading = look(all) && admission_has_room(&all->admission);
    admission_advance(&all->admission, clock_monotonic_ms(), is_reading);
    struct admission_sender *slow = NULL;
    if (is_reading) slow = admission_find_slow(&all->admission);
    if (slow) give_up(client_of(slow));
    clients_serve_queue(all);
    report_waiting(all);
    if (!TAILQ_EMPTY(&all->queue)) arm(all);
}

void serving_open(struct clients *all)
{
    struct admission_options options = {
        .memory_bytes = all->options.memory_bytes,
        .max_message_bytes = all->options.framing.max_message,
        .read_room_bytes = CHUNK_BYTES + CHUNK_COPIED_MAX + CHUNK_ITEMS_MAX * sizeof(struct item),
    };
    admission_init(&all->admission, &options, clock_monotonic_ms());
    TAILQ_INIT(&all->queue);
    all->waiting = event_new(all->base, -1, 0, on_waiting, all);
    if (!all->waiting) abort();
}

void serving_close(struct clients *all)
{
    event_free(all->waiting);
}
