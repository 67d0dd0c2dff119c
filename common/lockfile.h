/*
 * lockfile -- ensures one collector and one uploader per spool, and shows that the program is alive.
 *
 * The lock is flock(2) on a separate file beside the spool (`<spool>-<program>.lock`), never on a spool file: closing a
 * descriptor of a spool file would drop SQLite's locks. The kernel releases the lock when the process ends, in whatever
 * way. The file's modification time is the sign of life: lockfile_beat() renews it, `healthcheck` checks its age. After
 * the process number the file holds a text that the owner publishes. The file is written at its full size when the lock
 * is taken, so that publishing works on a full disk; if that one is full already, as soon as there is room.
 *
 * It also tells the next owner whether the last one has released the lock, or just ended: killed, crashed, or with the
 * machine.
 *
 * Whoever may write in the spool's directory could put a link into the file's place. A symbolic one is not followed; a
 * hard link to a file that is no lock file is left alone. Who owns the file does not matter: nothing in it is trusted.
 */
#ifndef COMMON_LOCKFILE_H
#define COMMON_LOCKFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/why.h"

#define LOCKFILE_BEAT_MS 5000  /* how often the owner renews the sign of life */
#define LOCKFILE_DEAD_MS 30000 /* a sign of life older than this means that the program hangs */

#define LOCKFILE_TEXT_SIZE 36848 /* bytes of the published text, with its terminator */

/* How the last owner has ended. */
enum lockfile_end {
    LOCKFILE_END_UNKNOWN, /* there was none, or one of a version that did not say */
    LOCKFILE_END_CLEAN,   /* with lockfile_release() */
    LOCKFILE_END_UNCLEAN, /* without it */
};

struct lockfile {
    int fd; /* -1: not held */
    enum lockfile_end last_end;
    const char *program; /* borrowed from the caller of lockfile_take() */
    char path[PATH_MAX];
};

#define LOCKFILE_NONE ((struct lockfile){.fd = -1})

/*
 * Takes the lock; logs if the last owner has ended without releasing it. lock->fd is -1 unless RES_OK. Where root takes
 * it, the file gets the spool's owner and group, whose program could not open it otherwise.
 *   RES_RETRY   another process holds it: `why` has its process number; exit 75
 *   RES_REFUSE  the file cannot be created, or something else is in its place; there is a remedy
 */
MUST_CHECK enum result lockfile_take(struct lockfile *lock, const char *spool_path, const char *program,
                                     struct why *why);

/*
 * Without taking it or changing anything: would lockfile_take() find a file that it can use, or none?
 *   RES_REFUSE  no, as above
 */
MUST_CHECK enum result lockfile_check_place(const char *spool_path, const char *program, struct why *why);

/*
 * Releases the lock and notes that the end was an orderly one; does nothing if it is not held. The file stays: removing
 * it would race with the next owner. The lock of a process that ends without this call is released as well: so it should,
 * where something is in doubt that the next owner has to look after.
 */
void lockfile_release(struct lockfile *lock);

/*
 * The same for an owner that ends before it could look after what the last one has left: the next owner is told
 * `last_end` as this one was.
 */
void lockfile_leave(struct lockfile *lock);

/*
 * Checks that the file with the lock is still at its path: who finds none there, or another one, takes the owner for
 * absent, or becomes one itself. If it is not, the owner's file is put there again, with what it has published, unless
 * another owner holds a lock there; that is logged. To be called every second or so, by one thread of the program: there
 * are never two owners for longer than that.
 *   RES_BROKEN   another process holds a lock there: work no more on the spool, until this succeeds again
 */
MUST_CHECK enum result lockfile_keep(const struct lockfile *lock, struct why *why);

/* Renews the sign of life. Does nothing if the lock is not held. */
void lockfile_beat(const struct lockfile *lock);

/*
 * Replaces the published text (lines), and writes the rest of the file if that was not possible before. False if there
 * is no room for it: the old text stays, and the call is to be repeated.
 */
bool lockfile_publish(const struct lockfile *lock, const char *text);

/* False while the file could not be written at its full size. True if the lock is not held. */
bool lockfile_is_written(const struct lockfile *lock);

/* RES_OK if a process holds the lock and its sign of life is fresh; else RES_RETRY with the reason. */
MUST_CHECK enum result lockfile_check(const char *spool_path, const char *program, struct why *why);

/*
 * Does a process hold the lock, whether it shows a sign of life or hangs?
 *   RES_RETRY   this user may not see it
 */
MUST_CHECK enum result lockfile_is_held(const char *spool_path, const char *program, bool *is_held,
                                        struct why *why);

/*
 * Does a process hold the lock that could not write the file, for want of free space? Then nobody knows what it would
 * publish.
 */
bool lockfile_is_empty(const char *spool_path, const char *program);

/* The last sign of life, of an owner of now or before, in ms since 1970; 0 if there is none that this user can see. */
int64_t lockfile_seen_at(const char *spool_path, const char *program);

/* The text that the owner has published; "" if no process holds the lock. Returns `text`. */
const char *lockfile_read(const char *spool_path, const char *program, char text[LOCKFILE_TEXT_SIZE]);

#endif
