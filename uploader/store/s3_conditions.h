/*
 * s3_conditions -- does the server know conditional writes (If-None-Match: *)? What this run has learnt, for all handles
 * of a store.
 *
 * A server that refuses a conditional PUT, perhaps because of the condition, is tried once with a plain one. If it takes
 * that, it gets plain ones from then on; if it refuses it likewise, a refusal with this status and code has another
 * cause, and costs no second request again.
 *
 * Usable from several threads.
 */
#ifndef UPLOADER_STORE_S3_CONDITIONS_H
#define UPLOADER_STORE_S3_CONDITIONS_H

#include <stdbool.h>

#include "uploader/batch/cause.h"

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

/* A plain PUT was refused likewise: the refusal has another cause. */
void s3_conditions_note_innocent(struct s3_conditions *conditions, const struct cause *refusal);

/* An object was put plainly, and the server refused the look before: warns once that it may have replaced another. */
void s3_conditions_note_blind(struct s3_conditions *conditions);

#endif
