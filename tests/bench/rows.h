/* rows -- the events of a sender's stream in memory, framed and validated: what the baselines start from. */
#ifndef TESTS_BENCH_ROWS_H
#define TESTS_BENCH_ROWS_H

#include "collector/intake/group.h"

/* All events of standard input, to its end; the caller's. Ends the program where one of them is not valid. */
struct group *rows_read(void);

/* CPU seconds that this process has used. */
double rows_cpu_seconds(void);

#endif
