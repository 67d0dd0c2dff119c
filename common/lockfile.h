/*
 * lockfile -- ensures one collector and one uploader per spool, and shows that the program is alive.
 *
 * The lock is flock(2) on a separate file beside the spool (`<spool>-<program>.lock`), never on a spool file: closing a
 * descriptor of a spool file would drop SQLite's locks. The kernel releases the lock when the process ends, in whatever
 * way. The file's modification time is the sign of life: lockfile_beat() renews it, `healthcheck` checks its age. After
 * the process number the file holds a text that the owner publishes. The file is written at its full size when the lock
 * is taken, so that publishing works on a full disk.
 */
#ifndef COMMON_LOCKFILE_H
#define COMMON_LOCKFILE_H

#include <stdbool.h>

#include "common/why.h"

#define LOCKFILE_BEAT_MS 5000  /* how often the owner renews the sign of life */
#define LOCKFILE_DEAD_MS 30000 /* a sign of life older than this means that the program hangs */

#define LOCKFILE_TEXT_SIZE 12272 /* bytes of the published text, with its terminator */

struct lockfile {
    int fd; /* -1: not held */
};

#define LOCKFILE_NONE ((struct lockfile){-1})

/*
 * Takes the lock. lock->fd is -1 unless RES_OK.
 *   RES_RETRY   another process holds it: `why` has its process number; exit 75
 *   RES_REFUSE  the file cannot be created: set SPOOL_PATH to another place
 */
MUST_CHECK enum result lockfile_take(struct lockfile *lock, const char *spool_path, const char *program,
                                     struct why *why);
void lockfile_release(struct lockfile *lock); /* the file stays: removing it would race with the next owner */

/* Renews the sign of life. Does nothing if the lock is not held. */
void lockfile_beat(const struct lockfile *lock);

/* Replaces the published text (lines). If it cannot be written, that is logged and the old text stays. */
void lockfile_publish(const struct lockfile *lock, const char *text);

/* RES_OK if a process holds the lock and its sign of life is fresh; else RES_RETRY with the reason. */
MUST_CHECK enum result lockfile_check(const char *spool_path, const char *program, struct why *why);

/* The text that the owner has published; "" if no process holds the lock. Returns `text`. */
const char *lockfile_read(const char *spool_path, const char *program, char text[LOCKFILE_TEXT_SIZE]);

#endif
