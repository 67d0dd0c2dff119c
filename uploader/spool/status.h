/*
 * status -- what `uploader status` shows, gathered from the spool and the lock files.
 */
#ifndef UPLOADER_SPOOL_STATUS_H
#define UPLOADER_SPOOL_STATUS_H

#include "common/problems.h"
#include "uploader/spool/spool.h"

#define STATUS_REQUESTS_MAX 20

struct status_program {
    bool is_running;
    bool is_silent; /* it could not write its lock file: its problems are not known */
    struct why why_not;
    struct problem problems[PROBLEM_COUNT];
    size_t problem_count;
};

/* A request of a command that is not finished yet. */
struct status_request {
    char program[16], action[40], requested_at[32];
    char progress[400]; /* "" if none is known yet */
};

struct status {
    const char *spool_path; /* borrowed */
    struct spool_identity identity;
    struct summary summary;
    struct status_program collector, uploader;
    int64_t sealed, blocked, abandoned; /* batches */
    struct status_request requests[STATUS_REQUESTS_MAX];
    size_t request_count;
};

/* Only what the lock files hold, where the spool cannot be read. */
void status_gather_programs(struct status *status, const char *spool_path);

MUST_CHECK enum result status_gather(struct status *status, struct spool_out *spool, const char *spool_path,
                                     struct why *why);

#endif
