/*
 * troubles -- why the store takes nothing now, for people: one trouble for each scope, logged when it begins, when it
 * becomes another one, and when it is over. Who has to wait is the scheduler's business.
 */
#ifndef UPLOADER_SHIP_TROUBLES_H
#define UPLOADER_SHIP_TROUBLES_H

#include "common/problem.h"
#include "common/why.h"
#include "uploader/batch/batch.h"
#include "uploader/batch/cause.h"

struct trouble {
    bool is_present;
    bool needs_person;
    int64_t since;    /* monotonic: when the first try that failed had begun, maybe before this program */
    int64_t since_at; /* the same in ms since 1970 */
    int64_t at;       /* monotonic: the last failure */
    int64_t tries;    /* so many have failed since */
    struct why why;
};

/* All zero at first. */
struct troubles {
    struct trouble endpoint, identity;
    struct trouble kinds[BATCH_KIND_COUNT];
    struct trouble batches[BATCH_KIND_COUNT]; /* of single batches */
};

/*
 * What a failure of this scope is called for people (common/problem.h). Whatever stands in the way to the server is
 * `s3_unreachable`, a warning, also where only a person can help (a portal, another host's certificate, a redirection,
 * a proxy that wants a password): it is not S3 that refuses, so whoever looks at its policies looks in the wrong place;
 * such things often pass by themselves; and the remedy says what to do in any case. So is a batch that a flaky store has
 * failed more than once while it took others, and that nobody can help but by waiting.
 */
enum problem_code troubles_code(enum scope scope, bool needs_person);

struct trouble *troubles_at(struct troubles *troubles, enum scope scope, enum batch_kind kind);

/* When something began that has been wrong since `since_at`, by the monotonic clock. */
int64_t troubles_since(int64_t since_at);

/* One that an earlier process has left, which is logged; the next failure goes on with it. */
void trouble_restore(struct trouble *trouble, const struct trouble *left, const char *what);

/*
 * A try that belongs to `scope` has failed. True: that is news, as it has just begun, or someone else must act now, or
 * in another way; then it has been logged with `what`, e.g. kind=events batch=7. The beginning counts if it is the first.
 */
bool trouble_note(struct trouble *trouble, enum scope scope, const struct trouble *now, const char *what);

/* It is over. True: it was present, and its end was logged with the name of the scope. */
bool trouble_end(struct trouble *trouble, enum scope scope, enum batch_kind kind, int64_t now);

/* What stops all of a kind, the widest first; NULL: nothing. */
const struct trouble *troubles_of(const struct troubles *troubles, enum batch_kind kind);

/*
 * What people should hear of: the widest that is present, events' before rejects'. But one that was not met any more
 * for TROUBLES_OLD_MS while another one was, e.g. as a proxy refuses what would show that the server is well again, is
 * not what helps now. NULL: nothing is wrong.
 */
#define TROUBLES_OLD_MS 65000
const struct trouble *troubles_worst(const struct troubles *troubles);

#endif
