/*
 * board -- what the program's threads know for the status, where the thread that serves it finds it: each writes its part,
 * nobody waits for anybody. A hanging disk, which stops the watching thread, leaves the last of what it knew.
 */
#ifndef COLLECTOR_STATUS_BOARD_H
#define COLLECTOR_STATUS_BOARD_H

#include <stdbool.h>

#include "common/status/live.h"
#include "common/status/status.h"

#define BOARD_CALL_SIZE 80

/* What the event loop's thread knows. */
struct board_loop {
    int64_t turned_at; /* monotonic ms: it was alive then */
    bool has_opened;   /* the spool is open: others may open it as well */
    bool are_threads_alive;
    char stalled[BOARD_CALL_SIZE]; /* if not: the thread and the call it waits in */
    int64_t connections;
    struct live_source sources[LIVE_SOURCES_MAX];
    size_t source_count;
};

/* What the watching thread has gathered. */
struct board_facts {
    struct status status; /* spool_path is not set: whoever copies it knows it */
    int64_t gathered_at;  /* monotonic ms: when the spool was read; 0: never yet */
    int64_t wal_bytes;    /* -1: not known */
    struct live_series hour, day;
    int64_t events_per_minute[STATUS_SENDERS_MAX];
};

struct board;

/* All threads are alive at first, and nobody asks. Never fails: out of memory aborts. */
struct board *board_new(void);
void board_free(struct board *board); /* accepts NULL */

/*
 * Somebody asks for the status: for the next BOARD_ASKED_MS it is worth looking each BOARD_STEP_MS, else nobody is woken
 * for it more often than each BOARD_QUIET_MS.
 */
#define BOARD_ASKED_MS 60000
#define BOARD_STEP_MS  1000
#define BOARD_QUIET_MS 4000
void board_note_asked(struct board *board);
bool board_is_asked(struct board *board);

/* All copy under a lock that is held for no longer than that. */
void board_post_threads(struct board *board, bool are_alive, const char *stalled);
void board_post_loop(struct board *board, bool has_opened, int64_t connections,
                     const struct live_source *sources, size_t source_count);
void board_post_facts(struct board *board, const struct board_facts *facts);
void board_copy_loop(struct board *board, struct board_loop *loop);
void board_copy_facts(struct board *board, struct board_facts *facts);

#endif
