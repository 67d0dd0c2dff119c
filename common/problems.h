/*
 * problems -- the program's present problems, for the log and for commands: each has a code, a sentence and a remedy.
 *
 * A problem is logged when it begins and when it ends, unless whoever raises it logs more than that, and reminders of a
 * warning or critical one while it lasts (common/reminder.h). All present problems are published at once in the
 * program's lock file (common/lockfile.h), where other processes (`eventspool status`, `healthcheck --strict`) read them;
 * if the lock is not held yet, with the first problems_refresh() after it is taken. Any thread may call these functions.
 */
#ifndef COMMON_PROBLEMS_H
#define COMMON_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/lockfile.h"
#include "common/problem.h"

struct problems;

/* `program` is whose they are. Borrows both until problems_close(). No problem is present at first. Never fails: out of memory aborts. */
struct problems *problems_open(const struct lockfile *lock, const char *program);
void problems_close(struct problems *problems); /* accepts NULL; logs nothing */

/*
 * The problem is present. The first call begins it and logs it; later calls may change its texts (for new figures)
 * without a log line. Texts are copied.
 */
void problems_raise(struct problems *problems, enum problem_code code, const char *message,
                    const char *remedy);

/*
 * The same for one that began before it is raised: at `since`, in ms since 1970; 0: now. Only the first call counts. `tries`
 * is how often something was tried in vain; 0: nothing is tried.
 */
void problems_raise_since(struct problems *problems, enum problem_code code, int64_t since, int64_t tries,
                          const char *message, const char *remedy);

/* The problem is over, which is logged. Does nothing if it is not present. */
void problems_end(struct problems *problems, enum problem_code code);

/* The problem has become a worse one, which tells of it from now on: it ends without a line in the log. */
void problems_drop(struct problems *problems, enum problem_code code);

/*
 * To be called every few seconds: publishes what could not be published before, and logs the reminders that are due.
 */
void problems_refresh(struct problems *problems);

bool problems_is_present(struct problems *problems, enum problem_code code);

/* Copies the present problems, in the order of their codes; returns how many there are. */
size_t problems_copy(struct problems *problems, struct problem all[PROBLEM_COUNT]);

/* ---- for other processes ---- */

/*
 * Reads the problem at `*text`, a text of lockfile_read() about `program`, and moves `*text` behind it. False if there is
 * none left.
 */
bool problems_parse(const char **text, const char *program, struct problem *problem);

#endif
