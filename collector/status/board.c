/* board -- see board.h. */
#include "collector/status/board.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

struct board {
    pthread_mutex_t lock; /* guards all below */
    int64_t asked_at;     /* monotonic ms */
    struct board_loop loop;
    struct board_facts facts;
};

struct board *board_new(void)
{
    struct board *board = calloc(1, sizeof *board);
    if (!board) abort();
    (void)pthread_mutex_init(&board->lock, NULL);
    board->asked_at = clock_monotonic_ms() - BOARD_ASKED_MS;
    board->loop.are_threads_alive = true;
    board->loop.turned_at = clock_monotonic_ms();
    board->facts.wal_bytes = -1;
    return board;
}

void board_free(struct board *board)
{
    if (!board) return;
    (void)pthread_mutex_destroy(&board->lock);
    free(board);
}

void board_note_asked(struct board *board)
{
    (void)pthread_mutex_lock(&board->lock);
    board->asked_at = clock_monotonic_ms();
    (void)pthread_mutex_unlock(&board->lock);
}

bool board_is_asked(struct board *board)
{
    (void)pthread_mutex_lock(&board->lock);
    bool is_asked = clock_monotonic_ms() - board->asked_at < BOARD_ASKED_MS;
    (void)pthread_mutex_unlock(&board->lock);
    return is_asked;
}

void board_post_threads(struct board *board, bool are_alive, const char *stalled)
{
    (void)pthread_mutex_lock(&board->lock);
    board->loop.are_threads_alive = are_alive;
    (void)snprintf(board->loop.stalled, sizeof board->loop.stalled, "%s", stalled ? stalled : "");
    (void)pthread_mutex_unlock(&board->lock);
}

void board_post_loop(struct board *board, bool has_opened, int64_t connections,
                     const struct live_source *sources, size_t source_count)
{
    (void)pthread_mutex_lock(&board->lock);
    board->loop.turned_at = clock_monotonic_ms();
    board->loop.has_opened = has_opened;
    board->loop.connections = connections;
    board->loop.source_count = source_count < LIVE_SOURCES_MAX ? source_count : LIVE_SOURCES_MAX;
    if (source_count > 0) memcpy(board->loop.sources, sources, board->loop.source_count * sizeof *sources);
    (void)pthread_mutex_unlock(&board->lock);
}

void board_post_facts(struct board *board, const struct board_facts *facts)
{
    (void)pthread_mutex_lock(&board->lock);
    board->facts = *facts;
    (void)pthread_mutex_unlock(&board->lock);
}

void board_copy_loop(struct board *board, struct board_loop *loop)
{
    (void)pthread_mutex_lock(&board->lock);
    *loop = board->loop;
    (void)pthread_mutex_unlock(&board->lock);
}

void board_copy_facts(struct board *board, struct board_facts *facts)
{
    (void)pthread_mutex_lock(&board->lock);
    *facts = board->facts;
    (void)pthread_mutex_unlock(&board->lock);
}
