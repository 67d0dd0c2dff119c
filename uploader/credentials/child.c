/*
 * child -- see child.h. posix_spawn(3), then a loop over the pipe, the program's end, the stop and the time limit.
 *
 * What the program has started may outlive it and hold the pipe open (an agent): so its own end counts, not the pipe's.
 */
#include "uploader/credentials/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define POLL_MS 50

static void must(int code)
{
    if (code != 0) abort(); /* of memory, all that can go wrong with these arguments */
}

/* Only 0, 1 and 2 pass: libraries open descriptors that are not close-on-exec. */
static int spawn(char *const *argv, int out_fd, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t ours;
    sigemptyset(&none);
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE); /* ignored here, as the next */
    sigaddset(&ours, SIGXFSZ);
    must(posix_spawn_file_actions_init(&files));
    must(
        posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO)); /* first: it may be 0 or 2 itself */
    must(posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
    must(posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0));
    must(posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1));
    must(posix_spawnattr_init(&attributes));
    must(posix_spawnattr_setsigmask(&attributes, &none));
    must(posix_spawnattr_setsigdefault(&attributes, &ours));
    must(posix_spawnattr_setpgroup(&attributes, 0));
    must(posix_spawnattr_setflags(&attributes,
                                  POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
    int code = posix_spawnp(pid, argv[0], &files, &attributes, argv, environ);
    must(posix_spawnattr_destroy(&attributes));
    must(posix_spawn_file_actions_destroy(&files));
    return code;
}

/* Takes what is there now. False: nothing will come any more. The space is there already: nothing is copied. */
static bool drain(int fd, struct buf *output, size_t max)
{
    while (output->len <= max) {
        ssize_t n = read(fd, output->data + output->len, max + 1 - output->len);
        if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
        output->len += (size_t)n;
    }
    return false;
}

static enum result check_status(int status, const char *name, struct why *why)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return RES_OK;
    if (WIFEXITED(status))
        return why_set(why, RES_RETRY, "%s ended with exit code %d", name, WEXITSTATUS(status));
    return why_set(why, RES_RETRY, "%s was killed by signal %d", name, WTERMSIG(status));
}

static enum result collect(pid_t pid, int fd, const char *name, const struct child_limits *limits,
                           struct buf *output, struct why *why)
{
    int64_t due = clock_monotonic_ms() + limits->timeout_ms;
    int64_t beat_due = clock_monotonic_ms() + LOCKFILE_BEAT_MS;
    bool is_open = true;
    int status = 0;
    for (;;) {
        /* -1: we were started with SIGCHLD ignored, so the kernel keeps no exit code: the output alone decides. */
        bool has_ended = waitpid(pid, &status, WNOHANG) != 0;
        if (is_open) is_open = drain(fd, output, limits->max_bytes);
        if (output->len > limits->max_bytes) {
            if (!has_ended) (void)kill(-pid, SIGKILL), (void)waitpid(pid, &status, 0);
            return why_set(why, RES_RETRY, "%s printed more than %zu bytes", name, limits->max_bytes);
        }
        if (has_ended) return check_status(status, name, why);
        bool is_stopped = signals_stop_requested(limits->signals);
        if (is_stopped || clock_monotonic_ms() >= due) {
            (void)kill(-pid, SIGKILL);
            (void)waitpid(pid, &status, 0);
            return why_set(why, RES_RETRY, "%s was ended: %s", name,
                           is_stopped ? "a stop was requested" : "it took too long");
        }
        if (clock_monotonic_ms() >= beat_due) {
            lockfile_beat(limits->lock);
            beat_due = clock_monotonic_ms() + LOCKFILE_BEAT_MS;
        }
        struct pollfd wait[] = {{limits->signals->fd, POLLIN, 0}, {is_open ? fd : -1, POLLIN, 0}};
        (void)poll(wait, 2, POLL_MS);
    }
}

enum result child_run(char *const *argv, const struct child_limits *limits, struct buf *output,
                      struct why *why)
{
    int pipe_fds[2];
    pid_t pid = -1;
    assert(argv[0]);
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) return why_set(why, RES_RETRY, "pipe: %s", strerror(errno));
    (void)fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    buf_reserve(output, limits->max_bytes + 1);
    int code = spawn(argv, pipe_fds[1], &pid);
    close(pipe_fds[1]);
    enum result res = code == 0 ? collect(pid, pipe_fds[0], argv[0], limits, output, why)
                                : why_set(why, RES_RETRY, "cannot start %s: %s", argv[0], strerror(code));
    close(pipe_fds[0]);
    return res;
}
