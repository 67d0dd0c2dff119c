/* ownership -- see ownership.h. */
#include "common/ownership.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
