/*
 * connection -- where and how we connect: the region, the servers, the certificates; for S3, STS and instance metadata.
 *
 * Each value is what the settings say, else what the profile of the shared files says, as every AWS tool finds it
 * (AWS SDKs and Tools Reference Guide, "Service-specific endpoints", "Dual-stack and FIPS endpoints"): of the endpoints
 * a setting wins over the profile, and in each of them the service's own over that of all services. A value that would
 * change where or how we connect, and that we do not know, is refused (unsupported.h): it never falls back in silence.
 */
#ifndef UPLOADER_CREDENTIALS_CONNECTION_H
#define UPLOADER_CREDENTIALS_CONNECTION_H

#include <limits.h>
#include <stdbool.h>

#include "common/why.h"
#include "uploader/credentials/options.h"
#include "uploader/http/http.h"
#include "uploader/http/region.h"

#define CONNECTION_FROM_SIZE 200

enum connection_addressing {
    CONNECTION_ADDRESSING_UNSET,
    CONNECTION_ADDRESSING_PATH,
    CONNECTION_ADDRESSING_VIRTUAL
};

/* What was found. All texts are "" if they are not set. */
struct connection {
    char region[REGION_SIZE];                 /* never "" */
    char s3_endpoint[HTTP_ENDPOINT_MAX + 1];  /* "": AWS's; a URL without a path, but perhaps a final slash */
    char sts_endpoint[HTTP_ENDPOINT_MAX + 1]; /* likewise */
    char imds_endpoint[HTTP_ENDPOINT_MAX + 1]; /* never "" */
    char ca_bundle[PATH_MAX];                  /* "": the system's certificates */
    bool uses_fips, uses_dualstack;            /* uses_dualstack: of S3 */
    bool uses_dualstack_sts, uses_global_sts;
    bool is_sts_endpoint_own;              /* it was set for STS itself, not for all services */
    enum connection_addressing addressing; /* the profile's wish, for where the settings have none */
    /* Where these come from, for people: "AWS_REGION", "endpoint_url of the profile x"; "": not set. */
    char region_from[CONNECTION_FROM_SIZE], s3_endpoint_from[CONNECTION_FROM_SIZE];
    char sts_endpoint_from[CONNECTION_FROM_SIZE], imds_endpoint_from[CONNECTION_FROM_SIZE];
    char fips_from[CONNECTION_FROM_SIZE], dualstack_from[CONNECTION_FROM_SIZE];
    char ca_bundle_from[CONNECTION_FROM_SIZE], addressing_from[CONNECTION_FROM_SIZE];
    struct connection_options options; /* what it was loaded with; its texts are borrowed */
};

/*
 * Reads the profile's files, and nothing from the network. The options have been checked (settings.h).
 *   RES_REFUSE   a value is wrong, or is one that we do not know; `why` names the setting, or the profile and its key
 *   RES_RETRY    the files cannot be read
 */
MUST_CHECK enum result connection_load(struct connection *connection,
                                       const struct connection_options *options, struct why *why);

/*
 * Does the profile still name the servers that it named then? If not, its keys may be those of the new servers, and must
 * not be shown to the old ones. RES_RETRY: no; a file that is not understood now is no reason.
 */
MUST_CHECK enum result connection_check_servers(const struct connection *connection, struct why *why);

#endif
