/*
 * s3 -- a store that keeps objects in an S3 bucket: PUT that never replaces, HEAD to find what an earlier try has done,
 * GET if only the bytes can show whether they are ours.
 */
#ifndef UPLOADER_STORE_S3_H
#define UPLOADER_STORE_S3_H

#include "uploader/store/s3_client.h"
#include "uploader/store/store.h"

/* As s3_client_open(). */
MUST_CHECK enum result s3_open(struct store **store, const struct s3_options *options,
                               struct signals *signals, const struct lockfile *lock, struct why *why);

#endif
