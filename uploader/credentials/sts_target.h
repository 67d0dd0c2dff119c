/*
 * sts_target -- which server of the Security Token Service is asked: the one that was set, else AWS's. Pure.
 */
#ifndef UPLOADER_CREDENTIALS_STS_TARGET_H
#define UPLOADER_CREDENTIALS_STS_TARGET_H

#include "uploader/credentials/connection.h"

#define STS_HOST_SIZE (HTTP_ENDPOINT_MAX + 1)

struct sts_target {
    char url[STS_HOST_SIZE + 16];
    char host[STS_HOST_SIZE];
    char region[REGION_SIZE]; /* to sign for */
};

/* RES_REFUSE: there is no such server of AWS, or the settings contradict each other. */
MUST_CHECK enum result sts_target_find(const struct connection *connection, struct sts_target *target,
                                       struct why *why);

#endif
