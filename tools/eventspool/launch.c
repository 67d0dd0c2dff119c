/* launch -- see launch.h. */
#include "tools/eventspool/launch.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/command.h"
#include "common/print.h"

#define SERVICES_UMASK 0007

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

/* As a service manager would: with all groups, the home directory, and the units' UMask=. */
static bool become(const char *name)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam(name) : NULL;
    if (!user) return true;
    (void)umask(SERVICES_UMASK);
    if (initgroups(name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0)
        return setenv("HOME", user->pw_dir, 1) == 0;
    print_line(stderr, "eventspool: cannot become user %s: %s", name, strerror(errno));
    return false;
}

pid_t launch_start(const struct launch *launch, int out, int err)
{
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) print_line(stderr, "eventspool: cannot run %s: %s", launch->path, strerror(errno));
    if (child != 0) return child;
    if (launch->user && !become(launch->user)) _exit(EX_FAILED);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* cannot fail with a signal's number */
    if (getppid() != parent) _exit(EX_FAILED);
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) _exit(EX_FAILED);
    _exit(launch_exec(launch));
}

static int exit_code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int launch_end(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return exit_code_of(status);
}

int launch_poll(pid_t child)
{
    int status = 0;
    return waitpid(child, &status, WNOHANG) == child ? exit_code_of(status) : -1;
}

void launch_stop(pid_t child)
{
    (void)kill(child, SIGTERM); /* our own child, which was not waited for */
    (void)launch_end(child);
}

int launch_wait(const struct launch *launch)
{
    pid_t child = launch_start(launch, STDOUT_FILENO, STDERR_FILENO);
    return child < 0 ? EX_FAILED : launch_end(child);
}
