/* upload_buckets -- see upload_buckets.h. */
#include "common/upload_buckets.h"

const struct upload_bucket upload_buckets[UPLOAD_BUCKETS] = {
    {"100", 100},   {"250", 250},     {"500", 500},     {"1000", 1000},   {"2500", 2500},
    {"5000", 5000}, {"10000", 10000}, {"30000", 30000}, {"60000", 60000}, {"inf", INT64_MAX},
};

const struct upload_bucket *upload_bucket_of(int64_t ms)
{
    const struct upload_bucket *bucket = upload_buckets;
    while (ms > bucket->at_most_ms) bucket++;
    return bucket;
}
