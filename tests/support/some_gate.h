/*
 * some_gate -- a gate without a lock file behind it, open from the beginning: for tests of what asks it.
 */
#ifndef TESTS_SUPPORT_SOME_GATE_H
#define TESTS_SUPPORT_SOME_GATE_H

#include <stdlib.h>

#include "collector/gate/gate.h"

struct some_gate {
    struct lockfile lock;
    struct problems *problems;
    struct gate *gate;
};

static inline void some_gate_init(struct some_gate *some)
{
    struct why why = {0};
    some->lock = LOCKFILE_NONE;
    some->problems = problems_open(&some->lock, "collector");
    if (gate_open(&some->gate, some->problems, &why) != RES_OK) abort();
    gate_clear(some->gate, GATE_STARTING);
}

static inline void some_gate_fini(struct some_gate *some)
{
    gate_close(some->gate);
    problems_close(some->problems);
}

/* Closes or opens it, as some reason would. */
static inline void some_gate_set(struct some_gate *some, bool is_closed)
{
    if (is_closed)
        gate_raise(some->gate, GATE_PAUSED_DISK, "a test", "wait");
    else
        gate_clear(some->gate, GATE_PAUSED_DISK);
}

#endif
