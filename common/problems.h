/*
 * problems -- the program's present problems, for the log and for commands: each has a code, a sentence and a remedy.
 *
 * A problem is logged when it begins and when it ends, unless whoever raises it logs more than that. All present problems are published at once in the program's lock
 * file (common/lockfile.h), where other processes (`uploader status`, `healthcheck --strict`) read them. Any thread may
 * call these functions.
 */
#ifndef COMMON_PROBLEMS_H
#define COMMON_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/lockfile.h"

enum problem_code {
    /* nothing is read: the reasons of collector/gate/gate.h */
    PROBLEM_STARTING,       /* the spool cannot be written yet */
    PROBLEM_COMMIT_FAILING, /* what has been read cannot be committed */
    PROBLEM_WAL_LOST,       /* the write-ahead log was deleted or replaced */
    PROBLEM_SPOOL_REPLACED, /* the spool was deleted or replaced */
    PROBLEM_SCHEMA_TOO_NEW, /* a newer program has changed the schema */
    PROBLEM_PAUSED_DISK,    /* too little free space */
    PROBLEM_PAUSED_CEILING, /* the spool is as large as it may be */
    PROBLEM_STOPPING,       /* a stop was requested */

    PROBLEM_DISK_LOW,         /* little free space is left: reading will stop */
    PROBLEM_CONNECTIONS_FULL, /* new senders cannot be accepted */
    PROBLEM_REJECTS_CAPPED,   /* only the beginning of new rejects is kept */
    PROBLEM_FOREIGN_READER,   /* other programs' reads make the write-ahead log grow */
    PROBLEM_INTAKE_FULL,      /* senders have waited for memory, or for the disk */
    PROBLEM_THREAD_STALLED,   /* a thread does not go on */

    PROBLEM_DESTINATION_UNPROVEN, /* the uploader's: no object was taken yet, and no proof is good */
    PROBLEM_COUNT
};

/* How bad a problem is. An info is a state to know of and no reason for an alarm. */
enum problem_severity { PROBLEM_INFO, PROBLEM_WARNING, PROBLEM_CRITICAL };

#define PROBLEM_TEXT_SIZE 256 /* of a message and of a remedy; a longer one is cut */

struct problems;

/* Borrows the lock until problems_close(). No problem is present at first. Never fails: out of memory aborts. */
struct problems *problems_open(const struct lockfile *lock);
void problems_close(struct problems *problems); /* accepts NULL; logs nothing */

/*
 * The problem is present. The first call begins it and logs it; later calls may change its texts (for new figures)
 * without a log line. Texts are copied.
 */
void problems_raise(struct problems *problems, enum problem_code code, const char *message,
                    const char *remedy);

/* The problem is over, which is logged. Does nothing if it is not present. */
void problems_end(struct problems *problems, enum problem_code code);

/* The problem has become a worse one, which tells of it from now on: it ends without a line in the log. */
void problems_drop(struct problems *problems, enum problem_code code);

/* To be called every few seconds: publishes what there was no room for on the disk. */
void problems_refresh(struct problems *problems);

bool problems_is_present(struct problems *problems, enum problem_code code);

/* ---- for commands ---- */

struct problem {
    char code[32];
    int64_t since; /* ms since 1970 */
    char message[PROBLEM_TEXT_SIZE], remedy[PROBLEM_TEXT_SIZE];
};

/*
 * Reads the problem at `*text`, a text of lockfile_read(), and moves `*text` behind it. False if there is none left.
 */
bool problems_parse(const char **text, struct problem *problem);

/* The severity of a problem by its code; that of a newer program's code, which is not known here, is a warning. */
enum problem_severity problems_severity(const char *code);

#endif
