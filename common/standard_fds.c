/* standard_fds -- see standard_fds.h. */
#include "common/standard_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Not O_CLOEXEC: child processes have the same numbers. Without a /dev, the root directory takes the place: nothing can be
 * written to it either.
 */
static int open_nothing(int flags)
{
    int fd = open("/dev/null", flags);
    return fd >= 0 ? fd : open("/", O_RDONLY | O_DIRECTORY);
}

void standard_fds_open(void)
{
    static const int flags[] = {
        [STDIN_FILENO] = O_RDONLY, [STDOUT_FILENO] = O_WRONLY, [STDERR_FILENO] = O_WRONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        if (open_nothing(flags[fd]) != fd) abort(); /* the lowest free number: those below are open */
    }
}
