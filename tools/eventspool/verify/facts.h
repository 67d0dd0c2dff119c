/*
 * facts -- what is known of the marked event at one moment, and of what stands in its way. Times are measured by the
 * monotonic clock: the wall clock may jump while the event is followed.
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_FACTS_H
#define TOOLS_EVENTSPOOL_VERIFY_FACTS_H

#include "common/status/status.h"

#define FACTS_NEVER (-1)

struct verify_facts {
    int64_t waited_ms; /* since the event was sent */
    int64_t closed_ms; /* since the collector was seen to have closed the connection; FACTS_NEVER */
    int64_t due_ms;    /* since the event was seen to be due; FACTS_NEVER: it is not due yet */
    int64_t quiet_ms;  /* since anything was shipped, or since it is followed */
    int64_t problem_ms
        [PROBLEM_COUNT]; /* since a problem was seen, without a break; FACTS_NEVER: it is not there */
    int64_t timeout_ms;  /* --timeout: how long after it is due */
    const char *address; /* that it was sent to; for messages */
    const char *element; /* that it was sent as; for messages */

    int64_t event_id;  /* 0: it is not in the spool */
    int64_t reject_id; /* 0: it is in no reject */
    char reject_reason[STATUS_NAME_SIZE], reject_detail[WHY_SIZE];

    int64_t batch_id; /* 0: no batch has it yet */
    int64_t first_id, last_id;
    bool is_shipped, is_abandoned, is_blocked;
    bool is_verified; /* the uploader has compared the stored bytes */
    bool is_resolved; /* what is known of it is a person's word */
    char key[STATUS_KEY_SIZE];
    char last_error[WHY_SIZE], remedy[WHY_SIZE]; /* of the batch's last try; "": none has failed */

    bool is_flushed;             /* `flush` was asked for */
    int flush_code;              /* its exit code; -1: it goes on */
    char flush_text[WHY_SIZE];   /* the last line that it has printed */
    const struct status *status; /* judged; borrowed */
};

#endif
