/*
 * partition -- AWS is several clouds that share nothing: each has its own regions, domains, accounts and buckets. Pure.
 *
 * Source: AWS General Reference, "Regional endpoints"; the data that AWS publishes with its SDKs as `partitions.json`.
 */
#ifndef UPLOADER_HTTP_PARTITION_H
#define UPLOADER_HTTP_PARTITION_H

#include <stdbool.h>

struct partition {
    const char *name; /* aws, aws-cn, aws-us-gov ... as in ARNs */
    const char *region_prefix;
    const char *domain;           /* of its servers: amazonaws.com */
    const char *dualstack_domain; /* of servers with IPv6, other than those of S3; NULL: there are none */
    bool has_s3_fips;
};

/* A region of a name that no partition has is one of the first, `aws`: AWS adds regions faster than we do. */
const struct partition *partition_of_region(const char *region);

/* Of the server `host`, without a port: a server of S3 of AWS itself, whose region is in its name. NULL: it is none. */
const struct partition *partition_of_s3_host(const char *host);

#endif
