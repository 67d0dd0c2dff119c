/*
 * s3_put -- puts one object into a bucket, and never over another one.
 *
 * A server that does not know conditional writes gets a look before each plain PUT: that narrows the race with a foreign
 * writer, and does not close it.
 */
#ifndef UPLOADER_STORE_S3_PUT_H
#define UPLOADER_STORE_S3_PUT_H

#include "uploader/store/s3_client.h"
#include "uploader/store/s3_conditions.h"
#include "uploader/store/store.h"

/* One handle of a bucket. */
struct s3 {
    struct s3_client *client;
    const char *bucket;
    struct s3_conditions *conditions;
    bool is_first; /* owns the conditions, which the stores of other threads borrow */
};

/* As store_put(). */
enum store_answer s3_put(struct s3 *s3, const struct object *object, struct stored *stored, struct why *why);

/* One PUT: as store_put(), but that CONFLICT means only that the server has answered 412. */
enum store_answer s3_put_once(struct s3 *s3, const struct object *object, bool is_conditional,
                              struct stored *stored, struct why *why);

/* A conditional PUT met this refusal, perhaps because of the condition, and then a plain one this answer and cause. */
void s3_put_learn(struct s3 *s3, enum store_answer plain, const struct cause *cause,
                  const struct cause *refusal);

/* A 412, though nothing is there. For a moment that may be so; if it lasts, the condition is not understood. UNKNOWN. */
enum store_answer s3_put_contradiction(const struct object *object, struct stored *stored, struct why *why);

#endif
