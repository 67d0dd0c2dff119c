/*
 * credentials -- the keys that sign requests, from the sources that AWS's own tools know, and always valid ones.
 *
 * The sources, in this order; the first that is configured answers: the environment (with *_FILE and /run/secrets), a
 * web identity token, a profile of the shared files, the container's endpoint, the instance's metadata.
 *
 * Promise: keys are renewed five minutes before they end; while that fails, the old ones are given out until they end.
 * A file among their sources that has changed is read before the next request. No part of a key is ever logged.
 *
 * Usable from several threads: one at a time asks the sources, the others wait for its answer. A stop ends every wait.
 */
#ifndef UPLOADER_CREDENTIALS_CREDENTIALS_H
#define UPLOADER_CREDENTIALS_CREDENTIALS_H

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/credentials/connection.h"
#include "uploader/credentials/options.h"
#include "uploader/credentials/sts_identity.h"
#include "uploader/http/http.h"
#include "uploader/http/keys.h"

struct credentials;

/*
 * No source is asked yet. Copies the options, whose texts are borrowed, as are connection, signals and lock.
 * `limits` are those of a call of STS, which a stop ends at once; the container's endpoint and instance metadata get less.
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result credentials_open(struct credentials **credentials,
                                        const struct credentials_options *options,
                                        const struct connection *connection, struct signals *signals,
                                        const struct lockfile *lock, struct http_limits limits,
                                        struct why *why);
void credentials_close(struct credentials *credentials); /* accepts NULL; wipes */

/*
 * Copies valid keys into `keys`, which starts as KEYS_NONE; the caller wipes it. `now_at` is the servers' time, as far as it is known.
 *   RES_RETRY    there are none now; if `why` has a remedy, a person must act, else waiting helps
 *   RES_REFUSE   no source is configured, or a setting or a file is wrong; the remedy says what to do. The next call
 *                searches again: files may be created later
 */
MUST_CHECK enum result credentials_get(struct credentials *credentials, int64_t now_at, struct keys *keys,
                                       struct why *why);

/* The server has refused these keys, from credentials_get(), as no longer valid: the next call asks for new ones. */
void credentials_reject(struct credentials *credentials, const struct keys *keys);

/*
 * Have the files that the keys come from changed since the last search? Never waits: false while another thread
 * searches. False also where the keys come from no file.
 */
bool credentials_have_changed(struct credentials *credentials);

/* Copies a text for people: where the last keys came from, e.g. "the profile shipping"; "" before the first. */
void credentials_source(struct credentials *credentials, char source[KEYS_SOURCE_SIZE]);

#define CREDENTIALS_TAIL_SIZE 5

/* What people may know of the last keys. */
struct credentials_facts {
    char tail[CREDENTIALS_TAIL_SIZE]; /* the last four characters of the access key's id */
    int64_t expires_at;               /* KEYS_FOREVER: never */
};

/* False: there are no keys yet. */
bool credentials_describe(struct credentials *credentials, struct credentials_facts *facts);

/*
 * Whose are the last keys? Asks STS for a few seconds, if it may see them (sts_identity.h); `arn` is "" if not.
 *   RES_RETRY, RES_REFUSE   it could not be found out
 */
MUST_CHECK enum result credentials_identify(struct credentials *credentials, int64_t now_at,
                                            char arn[STS_ARN_SIZE], struct why *why);

#endif
