/*
 * name_file -- see name_file.h. To replace a file, the two change their names with each other in one step: what has come
 * out is then looked at, and goes back if it is not a regular file.
 */
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

/* 0, or -1 with errno; EEXIST if something is there. Some network file systems know only the second way. */
static int name_new(const char *aside, const char *path)
{
    if (renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    if (link(aside, path) != 0) return -1;
    (void)unlink(aside);
    return 0;
}

static enum result replace(const char *aside, const char *path, struct why *why)
{
    if (renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_EXCHANGE) != 0) return failed(path, why);
    if (is_regular(aside)) return unlink(aside) == 0 ? RES_OK : failed(path, why);
    if (renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_EXCHANGE) != 0) return failed(path, why);
    return refuse(path, false, why);
}

enum result name_file(const char *aside, const char *path, bool may_replace, struct why *why)
{
    if (name_new(aside, path) == 0) return RES_OK;
    if (errno != EEXIST) return failed(path, why);
    return may_replace ? replace(aside, path, why) : refuse(path, is_regular(path), why);
}
