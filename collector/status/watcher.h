/*
 * watcher -- a thread that looks at the spool with a connection of its own, and leaves what it has found on the board: once a
 * second while somebody asks for it, else every five seconds. It alone of the status waits for the disk.
 *
 * Before the writer has opened the spool it does not touch it. What cannot be read now stays as it was last read.
 */
#ifndef COLLECTOR_STATUS_WATCHER_H
#define COLLECTOR_STATUS_WATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/why.h"

struct board;
struct watcher;

/* `spool_path` is copied, `board` borrowed until watcher_stop(). RES_BROKEN: the thread cannot be started. */
MUST_CHECK enum result watcher_start(struct watcher **watcher, const char *spool_path, struct board *board,
                                     struct why *why);

/*
 * Ends the thread and frees. False: it did not come back from the disk within a second, and is left alone with all it
 * has; then neither the board may be freed. Accepts NULL, which is true.
 */
MUST_CHECK bool watcher_stop(struct watcher *watcher);

/* A sign of life, from any thread: for how long (ms) it has been in the call `*call`; 0: in none. */
int64_t watcher_busy_ms(struct watcher *watcher, const char **call);

#endif
