/*
 * watch -- the thread that looks into the spool every few seconds for what becomes a problem: rejects that arrive, senders
 * that are silent, an uploader that is away. It also gathers what the status server shows (gatherer.h); while somebody asks
 * for that, it looks each second. It has a connection of its own, which only reads, so that neither the event loop
 * nor the writer waits for it; while the spool cannot be read, the problems stay as they are.
 */
#ifndef COLLECTOR_STATUS_WATCH_H
#define COLLECTOR_STATUS_WATCH_H

#include <stdbool.h>

#include "collector/gate/listening.h"
#include "common/problems.h"
#include "common/turn.h"
#include "common/why.h"

struct board;
struct watch;

struct watch_parts { /* all that is pointed to is borrowed until watch_stop() */
    const char *spool_path;
    int64_t silence_ms; /* SILENCE_ALERT; 0: off */
    struct listening *listening;
    struct problems *problems;
    struct board *board; /* of the status server; NULL: there is none */
    /* Is the spool open, and may it be read? Before that the thread does not touch it. */
    bool (*is_spool_open)(void *context);
    void *context;
};

/* `*watch` is NULL unless RES_OK. RES_BROKEN: the thread cannot be started. */
MUST_CHECK enum result watch_start(struct watch **watch, const struct watch_parts *parts, struct why *why);

/*
 * Ends the thread and frees. False: it did not come back from the disk within a second, and is left alone with all it
 * has; then nothing of its parts may be freed. Accepts NULL, which is true.
 */
MUST_CHECK bool watch_stop(struct watch *watch);

/* From any thread: for how long its present call has lasted, in ms, with its name; 0: it is in none. */
int64_t watch_busy_ms(struct watch *watch, const char **call);

#endif
