/* problem -- see problem.h. */
#include "common/problem.h"

#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define NEVER  PROBLEM_ALERT_NEVER

/* The columns are those of struct problem_kind. The order is that of enum problem_code. */
static const struct problem_kind kinds[PROBLEM_COUNT] = {
    [PROBLEM_STARTING] = {"starting", PROBLEM_INFO, NEVER, FLOW_WELL, NULL, NULL},
    [PROBLEM_COMMIT_FAILING] = {"commit_failing", PROBLEM_CRITICAL, MINUTE, FLOW_HELD_BACK,
                                "cannot commit: reading stops until a commit succeeds",
                                "commits succeed again"},
    [PROBLEM_WAL_LOST] = {"wal_lost", PROBLEM_CRITICAL, 0, FLOW_HELD_BACK,
                          "the write-ahead log was deleted or replaced: reading stops until a restart", NULL},
    [PROBLEM_SPOOL_REPLACED] =
        {"spool_replaced", PROBLEM_CRITICAL, 0, FLOW_HELD_BACK,
         "the spool was deleted, replaced or taken over: reading stops until it is back",
         "the spool is back in its place: reading goes on"},
    [PROBLEM_SCHEMA_TOO_NEW] = {"schema_too_new", PROBLEM_CRITICAL, 0, FLOW_HELD_BACK,
                                "a newer program has changed the spool: reading stops until a restart",
                                "the spool's schema can be used again"},
    [PROBLEM_PAUSED_DISK] = {"paused_disk", PROBLEM_CRITICAL, MINUTE, FLOW_HELD_BACK,
                             "there is no space, or none can be reserved: reading stops until there is",
                             "the disk has free space again: reading goes on"},
    [PROBLEM_PAUSED_CEILING] =
        {"paused_ceiling", PROBLEM_CRITICAL, MINUTE, FLOW_HELD_BACK,
         "the spool has reached SPOOL_MAX_SIZE: reading stops until events are shipped",
         "the spool is below SPOOL_MAX_SIZE again: reading goes on"},
    [PROBLEM_STOPPING] = {"stopping", PROBLEM_INFO, NEVER, FLOW_WELL, NULL, NULL},

    [PROBLEM_DISK_LOW] = {"disk_low", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED,
                          "little free space is left on the disk", "the disk has space again"},
    [PROBLEM_CONNECTIONS_FULL] = {"connections_full", PROBLEM_CRITICAL, MINUTE, FLOW_HELD_BACK,
                                  "no more senders can be accepted", "new senders are accepted again"},
    [PROBLEM_REJECTS_CAPPED] = {"rejects_capped", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED,
                                "too many unshipped rejects: only the beginning of new ones is kept",
                                "rejects are kept whole again"},
    [PROBLEM_FOREIGN_READER] = {"foreign_reader", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED,
                                "reads by other programs make the write-ahead log grow",
                                "the write-ahead log can begin again"},
    [PROBLEM_INTAKE_FULL] = {"intake_full", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED,
                             "senders wait to be read", "senders are read without waiting again"},
    [PROBLEM_THREAD_STALLED] = {"thread_stalled", PROBLEM_CRITICAL, MINUTE, FLOW_HELD_BACK,
                                "a thread does not go on", "all threads go on again"},
    [PROBLEM_SENDER_SILENT] = {"sender_silent", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED,
                               "a sender that used to send is silent", "no known sender is silent any more"},
    [PROBLEM_REJECTS_ARRIVING] = {"rejects_arriving", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED,
                                  "rejects arrive", "no more rejects arrive"},
    [PROBLEM_UNKNOWN_ELEMENTS] = {"unknown_elements", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED,
                                  "elements arrive that EVENT_ELEMENT does not name",
                                  "no more unknown elements arrive"},

    [PROBLEM_DESTINATION_UNPROVEN] = {"destination_unproven", PROBLEM_INFO, NEVER, FLOW_WELL, NULL, NULL},
    [PROBLEM_CREDENTIALS] = {"credentials", PROBLEM_CRITICAL, 5 * MINUTE, FLOW_WAITING, NULL, NULL},
    [PROBLEM_S3_REFUSED] = {"s3_refused", PROBLEM_CRITICAL, 5 * MINUTE, FLOW_WAITING, NULL, NULL},
    [PROBLEM_BATCH_BLOCKED] = {"batch_blocked", PROBLEM_CRITICAL, 5 * MINUTE, FLOW_WAITING, NULL, NULL},
    [PROBLEM_S3_UNREACHABLE] = {"s3_unreachable", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED, NULL, NULL},
    [PROBLEM_CLOCK_WRONG] = {"clock_wrong", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED,
                             "this machine's clock is wrong", "this machine's clock is right again"},

    [PROBLEM_COLLECTOR_ABSENT] = {"collector_absent", PROBLEM_CRITICAL, 30 * SECOND, FLOW_BEING_LOST,
                                  "the collector does not run: events are being lost",
                                  "the collector runs again"},
    [PROBLEM_UPLOADER_ABSENT] = {"uploader_absent", PROBLEM_CRITICAL, 5 * MINUTE, FLOW_WAITING,
                                 "the uploader does not run: events wait in the spool",
                                 "the uploader runs again"},
    [PROBLEM_BACKLOG_OLD] = {"backlog_old", PROBLEM_WARNING, 10 * MINUTE, FLOW_DEGRADED,
                             "events wait for longer than they should",
                             "the backlog is as young as it should be"},
    [PROBLEM_TRIAL_MODE] = {"trial_mode", PROBLEM_INFO, NEVER, FLOW_WELL, NULL, NULL},
    [PROBLEM_NOTHING_RECEIVED] = {"nothing_received", PROBLEM_INFO, NEVER, FLOW_WELL, NULL, NULL},
};

const struct problem_kind *problem_kind(enum problem_code code)
{
    return &kinds[code];
}

const struct problem_kind *problem_find(const char *code)
{
    for (int i = 0; i < PROBLEM_COUNT; i++)
        if (strcmp(kinds[i].code, code) == 0) return &kinds[i];
    return NULL;
}

enum problem_severity problem_severity(const char *code)
{
    const struct problem_kind *kind = problem_find(code);
    return kind ? kind->severity : PROBLEM_WARNING;
}

const char *problem_severity_name(enum problem_severity severity)
{
    static const char *const names[] = {"ok", "warning", "critical"};
    return names[severity];
}

const char *flow_name(enum flow flow)
{
    static const char *const names[] = {
        [FLOW_WELL] = "flowing",
        [FLOW_DEGRADED] = "degraded",
        [FLOW_WAITING] = "waiting, a person is needed",
        [FLOW_HELD_BACK] = "held back",
        [FLOW_BEING_LOST] = "being lost",
    };
    return names[flow];
}

bool problem_set_text(char to[PROBLEM_TEXT_SIZE], const char *from)
{
    char text[PROBLEM_TEXT_SIZE];
    int len = snprintf(text, sizeof text, "%s", from);
    if (len >= PROBLEM_TEXT_SIZE) text[utf8_whole_len(text, strlen(text))] = '\0';
    for (char *c = text; *c; c++)
        if (*c == '\t' || *c == '\n') *c = ' ';
    if (strcmp(to, text) == 0) return false;
    memcpy(to, text, sizeof text);
    return true;
}
