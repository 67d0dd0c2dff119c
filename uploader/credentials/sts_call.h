/*
 * sts_call -- one call of AWS's Security Token Service: a form by POST, signed or not, and its answer in XML.
 *
 * Source: AWS STS API Reference, version 2011-06-15; the server as "AWS STS Regional endpoints" says.
 */
#ifndef UPLOADER_CREDENTIALS_STS_CALL_H
#define UPLOADER_CREDENTIALS_STS_CALL_H

#include "uploader/credentials/source.h"

#define STS_CALL_TIMEOUT_MS 30000 /* where there are no keys without the answer */

/*
 * `keys` NULL: not signed, as the form has a token. If the server says that our clock is wrong, the request is repeated
 * once with the server's time. Each request takes at most `timeout_ms`. With RES_OK there is an answer, of any status; it needs http_answer_fini() in any case.
 *   RES_RETRY    no answer; with a remedy: the server is not trusted; without: waiting helps
 *   RES_REFUSE   the request cannot be signed, or there is no such server of AWS
 */
MUST_CHECK enum result sts_call(struct source_query *query, const struct buf *form, const struct keys *keys,
                                int timeout_ms, struct http_answer *answer, struct why *why);

#endif
