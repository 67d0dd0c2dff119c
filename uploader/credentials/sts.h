/*
 * sts -- temporary keys of a role, from AWS's Security Token Service (sts_call.h).
 *
 * Source: AWS STS API Reference, AssumeRole and AssumeRoleWithWebIdentity.
 */
#ifndef UPLOADER_CREDENTIALS_STS_H
#define UPLOADER_CREDENTIALS_STS_H

#include "uploader/credentials/source.h"

struct sts_request {
    const char *role_arn;
    const char *session_name;       /* NULL: eventspool */
    const char *external_id;        /* NULL: none */
    const char *duration_s;         /* digits; NULL: what the server gives, an hour as a rule */
    const char *web_identity_token; /* NULL: AssumeRole, signed with `keys` */
    const struct keys *keys;
};

/*
 * Fills `keys`.
 *   RES_RETRY   with a remedy: refused; without: it cannot be reached or is busy, waiting helps
 */
MUST_CHECK enum result sts_assume_role(struct source_query *query, const struct sts_request *request,
                                       struct keys *keys, struct why *why);

#endif
