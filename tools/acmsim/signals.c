/*
 * signals -- SIGINT and SIGTERM as a readable descriptor; SIGPIPE as an error of the send it belongs to.
 * Happy path: the signals are blocked and read from a signalfd, so no handler needs a global.
 * What can fail: no descriptor left.
 */
#include "tools/acmsim/signals.h"

#include "tools/acmsim/message.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(void)
{
    sigset_t stops;
    int fd = -1;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &stops, NULL) == 0) fd = signalfd(-1, &stops, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) message("cannot take over the signals: %s", strerror(errno));
    return fd;
}

bool signals_take_stop(int fd)
{
    struct signalfd_siginfo info;

    return read(fd, &info, sizeof info) == (ssize_t)sizeof info;
}

void signals_close(int fd)
{
    if (fd >= 0) close(fd);
}
