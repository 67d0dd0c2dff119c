/* run -- all connections from the first attempt to the last closing. */
#ifndef ACMSIM_RUN_H
#define ACMSIM_RUN_H

#include "tools/acmsim/conn.h"
#include "tools/acmsim/options.h"
#include "tools/acmsim/schedule.h"

struct run {
    const struct options *options; /* borrowed */
    struct ring ring;
    struct filled_run filled;
    struct target target;
    struct schedule schedule;
    struct conn *conns; /* owned; options->connections of them */
    size_t conn_count;
    size_t next_granted; /* where the round of grants goes on */
    int epoll_fd, signal_fd;
    bool is_stopping;
    int64_t stop_due_ns; /* when stopping: until then the events begun may be finished */
    int64_t started_ns;  /* when the first connection was established; 0: none yet */
    int64_t ended_ns;    /* when the kernel took the last bytes */
};

/* Make everything ready; false after saying why not. run_close is due in both cases. */
bool run_open(struct run *run, const struct options *options);

/* Send everything, or until a signal. False when a connection failed, which has been said. */
bool run_all(struct run *run);

void run_close(struct run *run);

#endif
