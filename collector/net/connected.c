/* connected -- see connected.h. The connections are sorted by address, and those of one address counted together. */
#include "collector/net/connected.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/net/client.h"
#include "common/clock.h"

static int by_source(const void *left, const void *right)
{
    const struct client *const *a = left;
    const struct client *const *b = right;
    return strcmp(conn_source((*a)->conn), conn_source((*b)->conn));
}

/* Counts those of one address, the first `count`. Times of the monotonic clock become those of people. */
static struct live_source sum_up(struct client *const *clients, size_t count, int64_t ahead_ms)
{
    struct live_source source = {.connections = (int64_t)count, .connected_at = INT64_MAX};
    (void)snprintf(source.source, sizeof source.source, "%s", conn_source(clients[0]->conn));
    for (size_t i = 0; i < count; i++) {
        const struct client *client = clients[i];
        int64_t connected_at = client->connected_at + ahead_ms;
        int64_t active_at = client->active_at + ahead_ms;
        if (connected_at < source.connected_at) source.connected_at = connected_at;
        bool has_sent = active_at > connected_at || conn_frames(client->conn) > 0;
        if (has_sent && active_at > source.last_at) source.last_at = active_at;
        source.events += (int64_t)conn_events(client->conn);
    }
    return source;
}

/* Keeps the list in order; the one with the fewest events goes where there is no place. */
static void insert(struct live_source *sources, size_t *count, const struct live_source *source)
{
    size_t at = *count;
    while (at > 0 && sources[at - 1].events < source->events) at--;
    if (at == LIVE_SOURCES_MAX) return;
    size_t last = *count < LIVE_SOURCES_MAX ? *count : LIVE_SOURCES_MAX - 1;
    memmove(&sources[at + 1], &sources[at], (last - at) * sizeof *sources);
    sources[at] = *source;
    *count = last + 1;
}

size_t connected_list(const struct clients *all, struct live_source sources[LIVE_SOURCES_MAX])
{
    struct client **clients = calloc((size_t)all->count + 1, sizeof *clients);
    struct client *client = NULL;
    size_t count = 0;
    size_t listed = 0;
    int64_t ahead_ms = clock_now_ms() - clock_monotonic_ms();
    if (!clients) abort();
    TAILQ_FOREACH (client, &all->by_activity, by_activity) clients[count++] = client;
    qsort(clients, count, sizeof *clients, by_source);
    for (size_t i = 0, same = 1; i < count; i += same) {
        for (same = 1; i + same < count && by_source(&clients[i], &clients[i + same]) == 0;) same++;
        struct live_source source = sum_up(&clients[i], same, ahead_ms);
        insert(sources, &listed, &source);
    }
    free(clients);
    return listed;
}
