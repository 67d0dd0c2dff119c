/* ownership -- see ownership.h. */
#include "common/ownership.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/finding.h"
#include "common/log.h"

void ownership_give_away(int fd, const char *spool_path)
{
    struct stat st;
    struct stat spool;
    if (geteuid() != 0 || fstat(fd, &st) != 0 || st.st_nlink != 1 || stat(spool_path, &spool) != 0) return;
    if (st.st_uid == 0 && fchown(fd, spool.st_uid, spool.st_gid) != 0)
        log_debug("cannot give a file to the spool's owner", "spool=%s why=%s", LOG_QUOTE(spool_path),
                  LOG_QUOTE(strerror(errno)));
}

void ownership_note_directory(const char *spool_path)
{
    char path[PATH_MAX];
    struct stat st;
    if (!realpath(spool_path, path)) (void)snprintf(path, sizeof path, "%s", spool_path);
    char *slash = strrchr(path, '/');
    if (slash) slash[slash == path] = '\0';
    const char *directory = slash ? path : ".";
    if (stat(directory, &st) != 0 || !(st.st_mode & S_IWGRP) || st.st_mode & S_ISGID ||
        st.st_gid == getegid())
        return;
    finding_print(
        FINDING_NOTE,
        "%s does not give its group to new files: another user of the group could not use those of this one",
        directory);
    finding_add("chmod g+s %s", directory);
}
