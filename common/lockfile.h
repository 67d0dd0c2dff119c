/*
 * lockfile -- one collector and one uploader per spool, and the sign that it lives.
 *
 * The lock is flock(2) on a file of its own beside the spool (`<spool>-<program>.lock`), never on a spool file: closing
 * a descriptor of those would drop SQLite's locks. The kernel releases it with the process, however that ends. The
 * file's modification time is the sign of life: lockfile_beat() renews it, `healthcheck` looks at its age. After the
 * process number the file holds what the owner publishes, in a room that is written when the lock is taken: publishing
 * works with no byte free on the disk.
 */
#ifndef COMMON_LOCKFILE_H
#define COMMON_LOCKFILE_H

#include <stdbool.h>

#include "common/why.h"

#define LOCKFILE_BEAT_MS 5000  /* how often the owner renews the sign of life */
#define LOCKFILE_DEAD_MS 30000 /* how old it may become */

#define LOCKFILE_TEXT_SIZE 4080 /* room for what the owner publishes, with its end */

struct lockfile {
    int fd; /* -1: not held */
};

#define LOCKFILE_NONE ((struct lockfile){-1})

/*
 * Takes the lock or says who has it.
 *   RES_RETRY   another process holds it; exit 75
 *   RES_REFUSE  the file cannot be created there
 */
MUST_CHECK enum result lockfile_take(struct lockfile *lock, const char *spool_path, const char *program,
                                     struct why *why);
void lockfile_release(struct lockfile *lock); /* the file stays: removing it would race with the next owner */

void lockfile_beat(const struct lockfile *lock);

/* Replaces what the owner publishes: lines of text. Where it cannot be written, that is logged and the old text stays. */
void lockfile_publish(const struct lockfile *lock, const char *text);

/* RES_OK when a process holds the lock and has beaten lately; RES_RETRY with the reason when not. */
MUST_CHECK enum result lockfile_check(const char *spool_path, const char *program, struct why *why);

/* What the owner has published; empty where nobody holds the lock. Returns `text`. */
const char *lockfile_read(const char *spool_path, const char *program, char text[LOCKFILE_TEXT_SIZE]);

#endif
