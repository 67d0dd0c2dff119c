/*
 * endpoint -- which server of AWS serves S3 or STS in a region. Pure.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Dual-stack and FIPS endpoints" and "AWS STS Regional endpoints"; AWS, "FIPS
 * endpoints by service" (those of S3 take buckets in the host's name alone). tests/unit/uploader/test_endpoint.c compares
 * all of it with the rules that botocore, AWS's own library, carries.
 */
#ifndef UPLOADER_HTTP_ENDPOINT_H
#define UPLOADER_HTTP_ENDPOINT_H

#include <stdbool.h>

#include "common/why.h"
#include "uploader/http/region.h"

#define ENDPOINT_HOST_SIZE 160 /* of a server of AWS, without a bucket; with the NUL */

struct endpoint_options {
    const char *region;
    bool uses_fips, uses_dualstack;
    bool uses_global_sts; /* for the regions that had no STS of their own once */
};

struct endpoint {
    char host[ENDPOINT_HOST_SIZE];
    char region[REGION_SIZE]; /* to sign for */
};

/*
 * RES_REFUSE: there is no such server; `why` says why, and its remedy what to set. What they fill is then "".
 */
MUST_CHECK enum result endpoint_s3(const struct endpoint_options *options, struct endpoint *endpoint,
                                   struct why *why);
MUST_CHECK enum result endpoint_sts(const struct endpoint_options *options, struct endpoint *endpoint,
                                    struct why *why);

#endif
