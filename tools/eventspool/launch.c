/* launch -- see launch.h. */
#include "tools/eventspool/launch.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/command.h"
#include "common/print.h"

int launch_exec(const struct launch *launch)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s", launch->path);
    launch->argv[0] = path;
    settings_files_apply(launch->files, launch->is_uploader);
    (void)execv(path, launch->argv);
    print_line(stderr, "eventspool: cannot run %s: %s", path, strerror(errno));
    return EX_FAILED;
}

int launch_wait(const struct launch *launch)
{
    pid_t parent = getpid();
    int status = 0;
    pid_t child = fork();
    if (child < 0) {
        print_line(stderr, "eventspool: cannot run %s: %s", launch->path, strerror(errno));
        return EX_FAILED;
    }
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* cannot fail with a signal's number */
        _exit(getppid() == parent ? launch_exec(launch) : EX_FAILED);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
