/*
 * s3_address -- where the requests for a bucket go: the host, and whether the bucket's name is in it. Pure.
 *
 * Source: Amazon S3 User Guide, "Virtual hosting of general purpose buckets", "Bucket naming rules".
 */
#ifndef UPLOADER_STORE_S3_ADDRESS_H
#define UPLOADER_STORE_S3_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "uploader/credentials/connection.h"

#define S3_BUCKET_MAX 255                                     /* bytes of a bucket's name */
#define S3_HOST_SIZE  (S3_BUCKET_MAX + HTTP_ENDPOINT_MAX + 2) /* bucket, dot, host, NUL */

enum s3_addressing { S3_ADDRESSING_AUTO, S3_ADDRESSING_PATH, S3_ADDRESSING_VIRTUAL };

struct s3_server_options {
    const char *bucket;
    enum s3_addressing addressing;
};

/* What one request needs to know. */
struct s3_address {
    const char *scheme;      /* http or https */
    char host[S3_HOST_SIZE]; /* with the bucket in virtual addressing, with the port if there is one */
    bool is_path_style;
    char region[REGION_SIZE]; /* to sign for */
    int64_t at_s;             /* the server's time now, as far as it is known; not filled here */
};

/*
 * Do these options name a server that exists, and requests that it understands?
 *   RES_REFUSE   no: a kind of bucket that we cannot write to, a combination that AWS does not have, or an endpoint that
 *                has the bucket's name in it, under which all would look well and the objects would lie elsewhere
 */
MUST_CHECK enum result s3_address_check(const struct s3_server_options *options,
                                        const struct connection *connection, struct why *why);

/* For options that the check has passed, and any region of the same partition as the connection's. */
void s3_address_make(const struct s3_server_options *options, const struct connection *connection,
                     const char *region, struct s3_address *address);

#endif
