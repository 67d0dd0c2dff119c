/*
 * upload_buckets -- how long uploads take, as the uploader counts them in the spool and the metrics show them: one bucket
 * for each bound.
 */
#ifndef COMMON_UPLOAD_BUCKETS_H
#define COMMON_UPLOAD_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

#define UPLOAD_BUCKETS 10

struct upload_bucket {
    const char *label; /* the bound in ms, as the counter's label; the last is `inf` */
    int64_t at_most_ms;
};
extern const struct upload_bucket upload_buckets[UPLOAD_BUCKETS]; /* from the shortest */

/* The bucket of an upload that took so long. */
const struct upload_bucket *upload_bucket_of(int64_t ms);

#endif
