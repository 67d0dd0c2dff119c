/* name_file -- see name_file.h. */
#include "uploader/commands/name_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum result failed(const char *path, struct why *why)
{
    return why_set(why, RES_BROKEN, "name %s: %s", path, strerror(errno));
}

static enum result refuse(const char *path, bool is_regular, struct why *why)
{
    if (is_regular) {
        (void)why_remedy(why, RES_BROKEN, "choose another name, or say --force to replace the file");
        return why_set(why, RES_BROKEN, "the file %s is there already", path);
    }
    (void)why_remedy(why, RES_BROKEN,
                     "choose another name; a pipe or a device is written to with - and a redirection");
    return why_set(why, RES_BROKEN, "%s is there already, and is not a regular file, so it is not replaced",
                   path);
}

/* Of the name itself: a link is not followed. */
static bool is_regular(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

enum result name_file_check(const char *path, bool may_replace, struct why *why)
{
    struct stat st;
    if (lstat(path, &st) != 0) return RES_OK; /* what else is wrong shows when the file is made */
    if (S_ISREG(st.st_mode) && may_replace) return RES_OK;
    return refuse(path, S_ISREG(st.st_mode), why);
}

/*
 * They change names: what comes out stands under the name of the new file then, and goes back if it is no regular file. If
 * it is gone, somebody else has removed what a process that was killed seemed to have left (aside.h).
 */
static enum result replace(struct aside *aside, const char *path, struct why *why)
{
    struct stat st;
    if (renameat2(AT_FDCWD, aside->path, AT_FDCWD, path, RENAME_EXCHANGE) != 0) {
        if (errno != EINVAL && errno != ENOSYS) return failed(path, why);
        (void)why_remedy(why, RES_BROKEN, "remove the file, and say the same without --force");
        return why_set(why, RES_BROKEN, "this file system cannot replace %s in one step", path);
    }
    if (lstat(aside->path, &st) != 0 || S_ISREG(st.st_mode)) return RES_OK;
    if (renameat2(AT_FDCWD, aside->path, AT_FDCWD, path, RENAME_EXCHANGE) != 0) return failed(path, why);
    return refuse(path, false, why);
}

enum result name_file(struct aside *aside, const char *path, bool may_replace, struct why *why)
{
    if (aside_name(aside, path)) return RES_OK;
    if (errno == EEXIST) return may_replace ? replace(aside, path, why) : refuse(path, is_regular(path), why);
    if (errno == ENOTSUP)
        (void)why_remedy(why, RES_BROKEN,
                         "choose a directory on another file system, or write with - and a redirection");
    return failed(path, why);
}
