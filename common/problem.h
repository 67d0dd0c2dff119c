/*
 * problem -- what can be wrong: the table of all problems, what each means to people and to monitoring, and a problem as
 * a value.
 *
 * The table holds what other programs rely on: the code, the severity, after how long people are alerted, and which
 * verdict on the flow of events it leads to. Problems come from three places: the running collector and the running
 * uploader publish their own (common/problems.h), and common/status/judge.h finds those that follow from facts, such as a
 * program that does not run.
 */
#ifndef COMMON_PROBLEM_H
#define COMMON_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

    /* the collector's others */
    PROBLEM_DISK_LOW,         /* little free space is left: reading will stop */
    PROBLEM_CONNECTIONS_FULL, /* new senders cannot be accepted */
    PROBLEM_REJECTS_CAPPED,   /* only the beginning of new rejects is kept */
    PROBLEM_FOREIGN_READER,   /* other programs' reads make the write-ahead log grow */
    PROBLEM_INTAKE_FULL,      /* senders have waited for memory, or for the disk */
    PROBLEM_THREAD_STALLED,   /* a thread does not go on; also the uploader's */
    PROBLEM_SENDER_SILENT,    /* a sender that used to send has been silent for SILENCE_ALERT */
    PROBLEM_REJECTS_ARRIVING, /* rejects arrive, other than the next */
    PROBLEM_UNKNOWN_ELEMENTS, /* what is sent is not named in EVENT_ELEMENT */

    /* the uploader's */
    PROBLEM_DESTINATION_UNPROVEN, /* no object was taken yet, and no proof is good */
    PROBLEM_CREDENTIALS,          /* there are no keys, or they are refused */
    PROBLEM_S3_REFUSED,           /* the store refuses all objects of a kind */
    PROBLEM_BATCH_BLOCKED,        /* the store refuses single batches */
    PROBLEM_S3_UNREACHABLE,       /* the store does not answer, or asks to wait */
    PROBLEM_CLOCK_WRONG,          /* this machine's clock differs from the store's */

    /* those that follow from facts */
    PROBLEM_COLLECTOR_ABSENT, /* the collector does not run, or hangs */
    PROBLEM_UPLOADER_ABSENT,  /* the uploader does not run, or hangs */
    PROBLEM_BACKLOG_OLD,      /* events wait far longer than ROTATION_INTERVAL */
    PROBLEM_TRIAL_MODE,       /* objects are files in DESTINATION_DIR */
    PROBLEM_NOTHING_RECEIVED, /* no event has ever arrived */
    PROBLEM_COUNT
};

/* How bad a problem is. An info is a state to know of and no reason for an alarm. */
enum problem_severity { PROBLEM_INFO, PROBLEM_WARNING, PROBLEM_CRITICAL };

/* What becomes of events, from the best to the worst. */
enum flow {
    FLOW_WELL,
    FLOW_DEGRADED,
    FLOW_WAITING,   /* in the spool: a person is needed */
    FLOW_HELD_BACK, /* the senders are not read */
    FLOW_BEING_LOST /* nobody listens */
};

#define PROBLEM_ALERT_NEVER (-1)

struct problem_kind {
    const char *code; /* in small letters */
    enum problem_severity severity;
    int64_t alert_after_ms;    /* people are told when it has lasted for so long */
    enum flow flow;            /* what it means for events */
    const char *begins, *ends; /* the log's messages; NULL: whoever finds the problem logs it */
};

const struct problem_kind *problem_kind(enum problem_code code);

/* The kind of a code as text; NULL: it is one of a newer program. */
const struct problem_kind *problem_find(const char *code);

/* The severity by the code; that of a code which is not known here is a warning. */
enum problem_severity problem_severity(const char *code);

/* `ok` (there is none, or an info), `warning`, `critical`: as /healthz has it. */
const char *problem_severity_name(enum problem_severity severity);

/* `flowing`, `degraded`, `waiting, a person is needed`, `held back`, `being lost`. */
const char *flow_name(enum flow flow);

#define PROBLEM_CODE_SIZE    32
#define PROBLEM_PROGRAM_SIZE 12
#define PROBLEM_TEXT_SIZE    560 /* of a message and of a remedy; a longer one is cut */

/* One that is present. The texts are one line each, in UTF-8, and hold no personal data. */
struct problem {
    char code[PROBLEM_CODE_SIZE];
    char program[PROBLEM_PROGRAM_SIZE]; /* whose it is: collector or uploader */
    int64_t since;                      /* ms since 1970 */
    int64_t tries;                      /* how often something was tried in vain; 0: nothing is tried */
    char message[PROBLEM_TEXT_SIZE], remedy[PROBLEM_TEXT_SIZE];
};

/* Stores a text as one line, cut if it is too long. Returns whether it changed. */
bool problem_set_text(char to[PROBLEM_TEXT_SIZE], const char *from);

#endif
