/*
 * child -- runs a program and collects what it prints.
 *
 * The program gets /dev/null as stdin and stderr, our environment, and no other descriptor; no signal is blocked in it,
 * and it is the leader of a process group of its own. No shell is involved.
 */
#ifndef UPLOADER_CREDENTIALS_CHILD_H
#define UPLOADER_CREDENTIALS_CHILD_H

#include "common/buf.h"
#include "common/lockfile.h"
#include "common/signals.h"
#include "common/why.h"

struct child_limits {
    int timeout_ms;
    size_t max_bytes;            /* of output */
    struct signals *signals;     /* borrowed; a stop kills the program */
    const struct lockfile *lock; /* borrowed; its sign of life is renewed while the program runs */
};

/*
 * `argv` ends with NULL; argv[0] is looked up in PATH if it has no slash. With RES_OK the program has ended with 0
 * and `output` holds what it wrote to stdout; in any case the caller wipes it (secret_fini()). Nothing is left
 * running: the whole group is killed if the call fails.
 *   RES_RETRY   the program cannot be started, ended with another exit code than 0, took too long, or printed too much;
 *               or a stop was requested. `why` says which, without the program's arguments
 */
MUST_CHECK enum result child_run(char *const *argv, const struct child_limits *limits, struct buf *output,
                                 struct why *why);

#endif
