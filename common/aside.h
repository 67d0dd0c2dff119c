/*
 * aside -- a file that is written aside, and gets its name once it is whole. Nothing that has the name already is replaced,
 * but by aside_replace().
 *
 * Where the file system knows it (O_TMPFILE) the file has no name until then, so nothing is left of it however the process
 * ends. Elsewhere (vfat, network file systems, some of FUSE) it is `.eventspool-<label>-<place>.part` in the same directory,
 * made by whoever writes it (O_EXCL) and locked (flock(2)) as long as it is written. One that nobody has locked was left by
 * a process that was killed: aside_clean() removes it, and so does each aside_open(). Where files cannot be locked, it
 * stays. No link is followed, and nothing that is no regular file is opened.
 */
#ifndef COMMON_ASIDE_H
#define COMMON_ASIDE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define ASIDE_PLACES 64 /* how many such files a label can have in a directory at once */

struct aside {
    int fd;              /* for writing; -1: not open */
    char path[PATH_MAX]; /* its name for now; "" if it has none, or has the final one */
};

#define ASIDE_NONE ((struct aside){.fd = -1})

/*
 * Opens a new file. `label` names who writes here, without a slash. `needs_path`: with a name for now in any case, for
 * renameat2(2). aside_close() is due whatever the result.
 * False, with errno: EBUSY if all places are taken; ENAMETOOLONG; or why it cannot be made.
 */
bool aside_open(struct aside *aside, const char *directory, const char *label, bool needs_path, mode_t mode);

/*
 * Gives the file its name, in the same directory. The name is not durable yet, and a file without a name before may not be
 * either: sync both the file and the directory.
 * False, with errno: EEXIST if something is there; ENOTSUP if the file system has no way that replaces nothing, or none for
 * a file without a name.
 */
bool aside_name(struct aside *aside, const char *path);

/*
 * The same for a file that was opened with a name for now: what is under the final name, if that is no directory, is
 * replaced at once. False, with errno.
 */
bool aside_replace(struct aside *aside, const char *path);

/* Closes the file, and removes it if it has no final name. Does nothing if it is not open. */
void aside_close(struct aside *aside);

/* Removes what processes that were killed have left of this label. */
void aside_clean(const char *directory, const char *label);

#endif
