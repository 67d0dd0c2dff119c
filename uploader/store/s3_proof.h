/*
 * s3_proof -- proves that objects can be put into a bucket, by an empty document (check_document.h), and finds out for
 * `uploader check` what else the keys may do.
 */
#ifndef UPLOADER_STORE_S3_PROOF_H
#define UPLOADER_STORE_S3_PROOF_H

#include "uploader/store/s3_put.h"

/* As store_prove(), store_examine() and store_look(). */
enum store_answer s3_proof(struct s3 *s3, const struct object *document, struct stored *stored,
                           struct why *why);
enum store_answer s3_proof_examine(struct s3 *s3, const struct object *document, struct store_proof *proof,
                                   struct stored *stored, struct why *why);
enum store_answer s3_proof_look(struct s3 *s3, const struct object *document, struct stored *stored,
                                struct why *why);

#endif
