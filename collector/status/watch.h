/*
 * watch -- the thread that looks into the spool every second for what becomes a problem: rejects that arrive, senders
 * that are silent. It has a connection of its own, which only reads, so that neither the event loop nor the writer waits
 * for it; while the spool cannot be read, the problems stay as they are.
 */
#ifndef COLLECTOR_STATUS_WATCH_H
#define COLLECTOR_STATUS_WATCH_H

#include "collector/gate/listening.h"
#include "common/problems.h"
#include "common/turn.h"
#include "common/why.h"

struct watch;

struct watch_parts { /* all that is pointed to is borrowed until watch_stop() */
    const char *spool_path;
    int64_t silence_ms; /* SILENCE_ALERT; 0: off */
    struct listening *listening;
    struct problems *problems;
    /* Is the spool open, and may it be read? Before that the thread does not touch it. */
    bool (*is_spool_open)(void *context);
    void *context;
};

/* `*watch` is NULL unless RES_OK. RES_BROKEN: the thread cannot be started. */
MUST_CHECK enum result watch_start(struct watch **watch, const struct watch_parts *parts, struct why *why);

/* Waits for a look that is under way. Accepts NULL. */
void watch_stop(struct watch *watch);

/* From any thread: for how long its present call has lasted, in ms, with its name; 0: it is in none. */
int64_t watch_busy_ms(struct watch *watch, const char **call);

#endif
