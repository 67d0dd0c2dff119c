/*
 * web_identity -- keys of a role by a token file: IRSA on EKS, or any OpenID Connect provider.
 */
#ifndef UPLOADER_CREDENTIALS_WEB_IDENTITY_H
#define UPLOADER_CREDENTIALS_WEB_IDENTITY_H

#include "uploader/credentials/source.h"

/*
 * Assumes the role with the token, which is read anew each time, as the platform renews it in its file. `options` must
 * have both a role and a token file. The results are those of sts_assume_role(), and RES_RETRY or RES_REFUSE if the
 * file cannot be read.
 */
MUST_CHECK enum result web_identity_assume_role(struct source_query *query,
                                                const struct web_identity_options *options, struct keys *keys,
                                                struct why *why);

#endif
