/*
 * silence -- the time that passes without bytes: what a sender has left unfinished is reported once it has been silent for
 * long enough while it was read (client.h).
 */
#include <stdlib.h>

#include "collector/net/client.h"
#include "collector/net/clients.h"
#include "common/clock.h"

#define STEP_MS  100  /* between two times that silence is reported */
#define AGAIN_MS 1000 /* when it is checked again whether a sender that has not been read is silent */

static void arm(struct clients *all, int64_t due)
{
    int64_t now = clock_monotonic_ms();
    int64_t ms = due > now + STEP_MS ? due - now : STEP_MS;
    struct timeval delay = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (due >= all->silence_at) return;
    all->silence_at = due;
    if (event_add(all->silence, &delay) != 0) abort(); /* out of memory */
}

void silence_note(struct client *client)
{
    struct clients *all = client->all;
    int64_t due = conn_silence_due(client->conn);
    if (due >= 0 && client->silence_due < 0) TAILQ_INSERT_TAIL(&all->by_silence, client, by_silence);
    if (due < 0 && client->silence_due >= 0) TAILQ_REMOVE(&all->by_silence, client, by_silence);
    client->silence_due = due;
    if (due >= 0) arm(all, due);
}

void silence_remove(struct client *client)
{
    if (client->silence_due >= 0) TAILQ_REMOVE(&client->all->by_silence, client, by_silence);
    client->silence_due = -1;
}

/* A sender whose bytes have not been read is not silent: it waits for us. So does one that may not be read now. */
static void report(struct client *client, int64_t now)
{
    struct clients *all = client->all;
    if (serving_has_unread(client) || admission_may_read(&all->admission, &client->memory) == 0) {
        client->silence_due = now + AGAIN_MS;
        return;
    }
    uint64_t frames = conn_frames(client->conn);
    conn_report_silence(client->conn, intake_filling(all->intake));
    serving_note(client, 0, conn_frames(client->conn) > frames);
    silence_note(client);
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
        if (client->silence_due <= now && serving_may_read(all)) report(client, now);
        if (client->silence_due >= 0 && client->silence_due < due) due = client->silence_due;
    }
    all->silence_at = INT64_MAX;
    if (due < INT64_MAX) arm(all, due);
    clients_serve_queue(all);
}

void silence_open(struct clients *all)
{
    TAILQ_INIT(&all->by_silence);
    all->silence_at = INT64_MAX;
    all->silence = event_new(all->base, -1, 0, on_silence, all);
    if (!all->silence) abort();
}

void silence_close(struct clients *all)
{
    event_free(all->silence);
}
