/*
 * judge -- what the facts of a status mean: which problems follow from them, and the one verdict. Pure.
 *
 * The problems of a status are those that its two programs have published, and those that nobody could publish: a
 * program that does not run, a backlog that is too old, and states worth naming. The verdict is that of the worst.
 */
#ifndef COMMON_STATUS_JUDGE_H
#define COMMON_STATUS_JUDGE_H

#include "common/status/status.h"

/* Fills in problems, verdict and severity of a status whose facts are filled in. */
void status_judge(struct status *status);

/* One line: `events are flowing`, `nothing has arrived yet`, `events are being lost: collector_absent`. Returns `out`. */
#define STATUS_VERDICT_SIZE 160
const char *status_verdict_line(const struct status *status, char out[STATUS_VERDICT_SIZE]);

/* The verdict by its name in the contract: that of flow_name(), or `nothing has arrived yet`. */
const char *status_verdict_name(const struct status *status);

/*
 * The exit code for monitoring plugins: 0 well, 1 warning, 2 critical, 3 cannot tell. Without a spool that can be read
 * nothing is known to be well: then it is 2 or 3.
 */
int status_exit_code(const struct status *status);

#endif
