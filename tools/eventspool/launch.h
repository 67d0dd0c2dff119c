/*
 * launch -- runs a program with the settings of the files in its environment.
 */
#ifndef TOOLS_EVENTSPOOL_LAUNCH_H
#define TOOLS_EVENTSPOOL_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "tools/eventspool/settings_files.h"

struct launch {
    const char *path;                   /* of the program */
    char **argv;                        /* its arguments; argv[0] is replaced by the path */
    const struct settings_files *files; /* its settings */
    bool is_uploader;
    /* Of the others for root: whom to run it as, if there is such a user; NULL: oneself. */
    const char *user;
};

/*
 * Becomes the program: signals, the terminal and the exit code are its own. Returns only if that fails, which was explained
 * on stderr: with the exit code.
 */
int launch_exec(const struct launch *launch);

/*
 * Starts the program with these descriptors as its standard output and error. It ends with this process. Below 0: it could
 * not be started, which was explained.
 */
pid_t launch_start(const struct launch *launch, int out, int err);

/* Waits for its end. Returns its exit code, or 128 and the number of the signal that has ended it. */
int launch_end(pid_t child);

/* The same if it has ended; -1: it goes on. */
int launch_poll(pid_t child);

/* Asks it to stop, and waits for that. */
void launch_stop(pid_t child);

/*
 * Runs the program and waits for its end. Returns its exit code, or 128 and the number of the signal that has ended it. The
 * program ends with this process.
 */
int launch_wait(const struct launch *launch);

#endif
