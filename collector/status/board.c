/* board -- see board.h. */
#include "collector/status/board.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

struct board {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    int64_t asked_at; /* monotonic ms */
    bool is_stopped;
    struct board_loop loop;
    struct board_facts facts;
};

struct board *board_new(void)
{
    struct board *board = calloc(1, sizeof *board);
    pthread_condattr_t monotonic;
    if (!board) abort();
    (void)pthread_mutex_init(&board->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&board->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    board->asked_at = clock_monotonic_ms() - BOARD_ASKED_MS;
    board->loop.are_threads_alive = true;
    board->loop.turned_at = clock_monotonic_ms();
    board->facts.wal_bytes = -1;
    return board;
}

void board_free(struct board *board)
{
    if (!board) return;
    (void)pthread_cond_destroy(&board->changed);
    (void)pthread_mutex_destroy(&board->lock);
    free(board);
}

/* The lock is held. */
static bool is_asked(const struct board *board)
{
    return clock_monotonic_ms() - board->asked_at < BOARD_ASKED_MS;
}

void board_note_asked(struct board *board)
{
    (void)pthread_mutex_lock(&board->lock);
    bool was_asked = is_asked(board);
    board->asked_at = clock_monotonic_ms();
    if (!was_asked) (void)pthread_cond_broadcast(&board->changed);
    (void)pthread_mutex_unlock(&board->lock);
}

bool board_is_asked(struct board *board)
{
    (void)pthread_mutex_lock(&board->lock);
    bool was_asked = is_asked(board);
    (void)pthread_mutex_unlock(&board->lock);
    return was_asked;
}

static struct timespec monotonic_in(int64_t ms)
{
    struct timespec due;
    if (clock_gettime(CLOCK_MONOTONIC, &due) != 0) abort();
    int64_t ns = due.tv_nsec + ms * 1000000;
    return (struct timespec){due.tv_sec + ns / 1000000000, ns % 1000000000};
}

bool board_wait(struct board *board, int64_t ms)
{
    struct timespec due = monotonic_in(ms);
    (void)pthread_mutex_lock(&board->lock);
    bool was_asked = is_asked(board);
    while (!board->is_stopped && (was_asked || !is_asked(board)) &&
           pthread_cond_timedwait(&board->changed, &board->lock, &due) == 0) {
    }
    bool goes_on = !board->is_stopped;
    (void)pthread_mutex_unlock(&board->lock);
    return goes_on;
}

void board_stop(struct board *board)
{
    (void)pthread_mutex_lock(&board->lock);
    board->is_stopped = true;
    (void)pthread_cond_broadcast(&board->changed);
    (void)pthread_mutex_unlock(&board->lock);
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
