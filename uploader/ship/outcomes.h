/*
 * outcomes -- what became of each try: recorded in the spool, told to the scheduler, and reported to people.
 *
 * First the spool, then the scheduler: if the spool cannot be written now, the same outcome is recorded later, and
 * nothing else has happened.
 */
#ifndef UPLOADER_SHIP_OUTCOMES_H
#define UPLOADER_SHIP_OUTCOMES_H

#include "common/problems.h"
#include "uploader/ship/job.h"
#include "uploader/ship/scheduler.h"
#include "uploader/ship/troubles.h"
#include "uploader/spool/spool.h"

struct outcomes {
    struct spool_out *spool; /* borrowed, as are the next two */
    struct scheduler *scheduler;
    struct problems *problems;     /* NULL: a command's, which are not published */
    struct uploader_report report; /* but for its trouble */
    bool is_on[BATCH_KIND_COUNT];
    struct troubles troubles;
    int64_t blocked_since
        [BATCH_KIND_COUNT]; /* ms since 1970: an earlier process was refused, and nothing was taken
                                                since; 0: not known */
    bool has_asked;         /* the store, or for keys */
    bool has_warned_unverified;
    int64_t opened_at;  /* monotonic: no try of an earlier process began after it */
    int64_t report_due; /* monotonic */
};

/*
 * Once, when the scheduler knows what is open: what the spool tells of troubles from before the start, so that a restart
 * neither hides them nor makes them look new.
 */
MUST_CHECK enum result outcomes_restore(struct outcomes *outcomes, struct why *why);

/* The job has ended with its last phase: the outcome is recorded, and the job's try is over for the scheduler. */
MUST_CHECK enum result outcomes_record(struct outcomes *outcomes, struct job *job, struct why *why);

/* The batch of the job cannot be sent, whatever the store says: `trouble`, with a word of ours for it. */
MUST_CHECK enum result outcomes_set_aside(struct outcomes *outcomes, struct job *job, const char *code,
                                          const struct why *trouble, struct why *why);

/* The job is left as it is: a stop, or it was settled otherwise. Nothing is recorded. */
void outcomes_leave(struct outcomes *outcomes, const struct job *job, bool is_settled);

/* A person's word has settled a batch, and with it maybe a trouble: then the next turn reports that. */
void outcomes_forget(struct outcomes *outcomes, int64_t batch_id);

/* Reports to the spool that this uploader works, and what its trouble is. */
MUST_CHECK enum result outcomes_report(struct outcomes *outcomes, struct why *why);

#endif
