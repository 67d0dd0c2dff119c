/*
 * path -- says of a file that cannot be used what a person needs to know: which path is meant, who may not do what, and
 * where on the way it ends.
 */
#ifndef COMMON_PATH_H
#define COMMON_PATH_H

#include <limits.h>

#include "common/why.h"

#define PATH_SHOWN_SIZE (2 * PATH_MAX + 64)
#define PATH_USER_SIZE  80

/*
 * How a path is shown: an absolute one as it is, a relative one with what it means. Returns `out`.
 *   var/spool.db (that is /srv/var/spool.db: the path is relative to the current directory)
 */
const char *path_show(const char *path, char out[PATH_SHOWN_SIZE]);

/* The user whose rights count, e.g. "user collector (998)". Returns `out`. */
const char *path_user(char out[PATH_USER_SIZE]);

/*
 * Explains `error`, the errno of a call on `path`, and returns `res`. For EACCES it finds what is closed to this user: a
 * directory on the way, the file, or the directory in which it would be made; and there is a remedy. `name` is the setting
 * that has the path.
 */
enum result path_explain(const char *name, const char *path, int error, enum result res, struct why *why);

/*
 * Explains that this user may not do `what` ("write in", "read and write") to the directory or file `at`, and returns
 * `res`. The owner, the group and the mode of `at` are shown; the remedy is to be of the group, or to be the owner.
 */
enum result path_explain_rights(const char *name, const char *path, const char *at, const char *what,
                                enum result res, struct why *why);

#endif
