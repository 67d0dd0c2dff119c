/*
 * sts_answer -- what AWS's Security Token Service has answered: the keys of a role, or why there are none. Pure.
 */
#ifndef UPLOADER_CREDENTIALS_STS_ANSWER_H
#define UPLOADER_CREDENTIALS_STS_ANSWER_H

#include "common/why.h"
#include "uploader/http/http_answer.h"
#include "uploader/http/keys.h"

/*
 * Fills `keys`; with any other result than RES_OK they are wiped.
 *   RES_RETRY   with a remedy: refused, or no answer of STS; without: the server is busy, waiting helps
 */
MUST_CHECK enum result sts_answer_read(const struct http_answer *answer, const char *role_arn,
                                       struct keys *keys, struct why *why);

#endif
