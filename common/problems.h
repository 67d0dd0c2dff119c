/*
 * problems -- what is wrong now, for the log and for people who ask: each problem has a code, a sentence and a remedy.
 *
 * A problem begins once and ends once, and is logged then. All that are present stand in the program's lock file
 * (common/lockfile.h), at once, where `uploader status` and `healthcheck --strict` of any process read them. Safe to be
 * called by any thread.
 */
#ifndef COMMON_PROBLEMS_H
#define COMMON_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/lockfile.h"

enum problem_code {
    PROBLEM_PAUSED_DISK,      /* too little free space: reading has stopped */
    PROBLEM_PAUSED_CEILING,   /* the spool is as large as it may be: reading has stopped */
    PROBLEM_DISK_LOW,         /* that is near */
    PROBLEM_COMMIT_FAILING,   /* what has been read cannot be committed: reading has stopped */
    PROBLEM_CONNECTIONS_FULL, /* new senders wait */
    PROBLEM_REJECTS_CAPPED,   /* of new rejects only the beginning is kept */
    PROBLEM_FOREIGN_READER,   /* somebody's long read makes the write-ahead log grow */
    PROBLEM_COUNT
};

#define PROBLEM_TEXT_SIZE 256 /* of a message and of a remedy; a longer one is cut */

struct problems;

/* Borrows the lock until problems_close(); nothing is present yet. */
struct problems *problems_open(const struct lockfile *lock);
void problems_close(struct problems *problems); /* accepts NULL; logs nothing */

/*
 * The problem is present. The first call begins it; later ones may say it in other words (figures change) and are not
 * logged. Texts are copied.
 */
void problems_raise(struct problems *problems, enum problem_code code, const char *message,
                    const char *remedy);

/* It is over; does nothing where it was not present. */
void problems_end(struct problems *problems, enum problem_code code);

bool problems_is_present(struct problems *problems, enum problem_code code);

/* ---- for those who ask ---- */

struct problem {
    char code[32];
    int64_t since; /* ms since 1970 */
    char message[PROBLEM_TEXT_SIZE], remedy[PROBLEM_TEXT_SIZE];
};

/* Reads one problem of a text that lockfile_read() gave, from `*text` on, and moves that on; false: there is none left. */
bool problems_parse(const char **text, struct problem *problem);

#endif
