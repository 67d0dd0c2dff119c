/*
 * launch -- runs a program with the settings of the files in its environment.
 */
#ifndef TOOLS_EVENTSPOOL_LAUNCH_H
#define TOOLS_EVENTSPOOL_LAUNCH_H

#include <stdbool.h>

#include "tools/eventspool/settings_files.h"

struct launch {
    const char *path;                   /* of the program */
    char **argv;                        /* its arguments; argv[0] is replaced by the path */
    const struct settings_files *files; /* its settings */
    bool is_uploader;
};

/*
 * Becomes the program: signals, the terminal and the exit code are its own. Returns only if that fails, which was explained
 * on stderr: with the exit code.
 */
int launch_exec(const struct launch *launch);

/*
 * Runs the program and waits for its end. Returns its exit code, or 128 and the number of the signal that has ended it. The
 * program ends with this process.
 */
int launch_wait(const struct launch *launch);

#endif
