/*
 * credentials -- the keys that sign requests, from wherever AWS tools take them, and always good ones.
 *
 * The sources, in this order; the first that is configured answers: the environment (with *_FILE and /run/secrets), a web
 * identity token, a profile of the shared files, the container's endpoint, the instance's metadata.
 *
 * Promise: keys are renewed five minutes before they end; while that fails, the old ones are given out until they end. A
 * file among their sources that has changed is read before the next request. Nothing of a key is logged.
 *
 * Usable from several threads: one at a time asks, the others wait for its answer. A stop ends every wait.
 */
#ifndef UPLOADER_CREDENTIALS_CREDENTIALS_H
#define UPLOADER_CREDENTIALS_CREDENTIALS_H

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/http/keys.h"
#include "uploader/settings.h"

#define CREDENTIALS_SOURCE_SIZE 256

struct credentials;

/*
 * Nobody is asked yet. The settings, signals and lock are borrowed.
 *   RES_REFUSE   the shared files, read for the region, are not understood
 *   RES_RETRY    they cannot be read
 */
MUST_CHECK enum result credentials_open(struct credentials **credentials, const struct settings *settings,
                                        struct signals *signals, const struct lockfile *lock,
                                        struct why *why);
void credentials_close(struct credentials *credentials); /* accepts NULL; wipes */

/* AWS_REGION, AWS_DEFAULT_REGION, the profile's region, us-east-1: the first that is set. Borrowed. */
const char *credentials_region(const struct credentials *credentials);

/*
 * A copy of good keys; the caller wipes it. `now_at` is the servers' time, as far as it is known.
 *   RES_RETRY    none can be had now; a remedy says what a person can do, else waiting helps
 *   RES_REFUSE   no source is configured, or a setting or a file is wrong; the remedy says what to do. The next call
 *                looks again: files may come later
 */
MUST_CHECK enum result credentials_get(struct credentials *credentials, int64_t now_at, struct keys *keys,
                                       struct why *why);

/* The server says that these keys, from credentials_get(), are not good any more: the next call asks for new ones. */
void credentials_reject(struct credentials *credentials, const struct keys *keys);

/* For people: where the last keys came from, e.g. "the profile shipping"; "" before the first. */
void credentials_source(struct credentials *credentials, char source[CREDENTIALS_SOURCE_SIZE]);

#endif
