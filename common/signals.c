/* signals -- see signals.h. A signalfd(2); only its creation can fail, out of descriptors. */
#include "common/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"

static void add_unless_ignored(sigset_t *set, int number)
{
    struct sigaction action;
    bool is_ignored = sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    if (!is_ignored) sigaddset(set, number);
}

enum result signals_open(struct signals *signals, struct why *why)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    add_unless_ignored(&set, SIGHUP);
    add_unless_ignored(&set, SIGQUIT);
    signals->stop_pending = false;
    signals->fd = -1;
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR ||
        sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return why_set(why, RES_BROKEN, "block signals: %s", strerror(errno));
    signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signals->fd < 0) return why_set(why, RES_BROKEN, "signalfd: %s", strerror(errno));
    return RES_OK;
}

void signals_close(struct signals *signals)
{
    if (signals->fd >= 0) close(signals->fd);
    signals->fd = -1;
}

void signals_raise_stop(void)
{
    (void)kill(getpid(), SIGTERM); /* cannot fail for one's own process */
}

static bool read_one(const struct signals *signals)
{
    struct signalfd_siginfo info;
    return read(signals->fd, &info, sizeof info) == sizeof info;
}

bool signals_stop_requested(struct signals *signals)
{
    if (!signals->stop_pending && read_one(signals)) {
        signals->since = clock_monotonic_ms();
        signals->stop_pending = true;
    }
    return signals->stop_pending;
}

bool signals_stop_again(struct signals *signals)
{
    bool is_again = false;
    while (read_one(signals)) is_again |= clock_monotonic_ms() - signals->since >= SIGNALS_AGAIN_MS;
    return is_again;
}

void signals_request_stop(struct signals *signals)
{
    signals->stop_pending = true;
}

bool signals_wait(struct signals *signals, int timeout_ms)
{
    struct pollfd wait = {.fd = signals->fd, .events = POLLIN};
    if (!signals->stop_pending && timeout_ms > 0) (void)poll(&wait, 1, timeout_ms);
    return signals_stop_requested(signals);
}
