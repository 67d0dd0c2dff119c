/*
 * s3_conditions -- does the server know conditional writes (If-None-Match: *)? What this run has learnt, for all handles
 * of a store.
 *
 * A server that refuses a conditional PUT, perhaps because of the condition, is tried once with a plain one. If it takes
 * that, it gets plain ones from then on; if it refuses it likewise, a refusal with this status and code has another
 * cause, and costs no second request for half a minute. For ever would be too long: a person may remove the one cause,
 * and what is then refused with the same status is the condition.
 *
 * Usable from several threads.
 */
#ifndef UPLOADER_STORE_S3_CONDITIONS_H
#define UPLOADER_STORE_S3_CONDITIONS_H

#include <stdbool.h>

#include "uploader/batch/cause.h"

#define S3_CONDITIONS_INNOCENT_MS 30000 /* no longer than the shortest of the longest rests */

struct s3_conditions;

/* `bucket` is named in the log; it is borrowed. */
struct s3_conditions *s3_conditions_new(const char *bucket);
void s3_conditions_free(struct s3_conditions *conditions); /* accepts NULL */

/* Are PUTs conditional? As long as the server is not known to refuse that. */
bool s3_conditions_are_used(struct s3_conditions *conditions);

/* May this refusal of a conditional PUT be about the condition, as far as is known? Then a plain PUT shows it. */
bool s3_conditions_may_be_cause(struct s3_conditions *conditions, const struct cause *refusal);

/* A plain PUT was taken after this refusal of a conditional one: logs that, and all PUTs are plain from now on. */
void s3_conditions_give_up(struct s3_conditions *conditions, const struct cause *refusal);

/*
 * A plain PUT was refused as well, for the cause `plain`. If that is the same one, the condition is innocent of it. If it
 * is another, nothing is known: a server may know no conditions and allow no writing.
 */
void s3_conditions_note_refused(struct s3_conditions *conditions, const struct cause *refusal,
                                const struct cause *plain);

/* An object was put plainly, and the server refused the look before: warns once that it may have replaced another. */
void s3_conditions_note_blind(struct s3_conditions *conditions);

#endif
