/*
 * sts_identity -- whose are these keys? Asked of STS (GetCallerIdentity), which answers everybody: no permission is needed
 * (AWS STS API Reference, GetCallerIdentity).
 */
#ifndef UPLOADER_CREDENTIALS_STS_IDENTITY_H
#define UPLOADER_CREDENTIALS_STS_IDENTITY_H

#include "uploader/credentials/source.h"

#define STS_ARN_SIZE            2049 /* AWS's own limit is 2048 characters */
#define STS_IDENTITY_TIMEOUT_MS 3000 /* for all of it: nothing depends on the answer */

/*
 * Is there an STS that may see these keys? AWS's, for AWS's S3; or one that was set for itself. The keys of another S3
 * server are sent to no server but that one, which need not know STS.
 */
bool sts_identity_may_ask(const struct connection *connection);

/*
 * Fills `arn`, which may be anything that a server sends.
 *   RES_RETRY    no answer, or a refusal
 *   RES_REFUSE   the request cannot be signed
 */
MUST_CHECK enum result sts_identity_ask(struct source_query *query, const struct keys *keys,
                                        char arn[STS_ARN_SIZE], struct why *why);

#endif
