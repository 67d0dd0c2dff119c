/*
 * source -- the interface that each source of keys implements.
 *
 * A source that is configured gives the final answer: if it fails, no other source is asked, so that nobody uploads
 * under an identity that was not meant. A source that is not configured notes where it has searched.
 */
#ifndef UPLOADER_CREDENTIALS_SOURCE_H
#define UPLOADER_CREDENTIALS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/lockfile.h"
#include "common/signals.h"
#include "common/why.h"
#include "uploader/credentials/connection.h"
#include "uploader/credentials/file_watch.h"
#include "uploader/credentials/options.h"
#include "uploader/http/http.h"
#include "uploader/http/keys.h"

/* Of services on this machine: the container's endpoint, instance metadata */
#define SOURCE_LOCAL_TIMEOUT_MS 2000

/* One search for keys. All pointers are borrowed. */
struct source_query {
    const struct credentials_options *options;
    const struct connection *connection; /* for STS */
    struct http *http;
    struct signals *signals;
    const struct lockfile *lock;
    int64_t now_at;              /* ms since 1970, by the servers' clock as far as it is known */
    struct file_watch *watch;    /* the files whose change makes a new search necessary */
    char name[KEYS_SOURCE_SIZE]; /* the source of the keys, for people */
    char searched[WHY_SIZE];     /* where no keys were found, for people */
};

/*
 * What a source implements: fills `keys`, which starts as KEYS_NONE. `*is_set` false, with RES_OK: the source is not configured, so the next one
 * is asked.
 *   RES_RETRY    no keys now; if there is a remedy, a person must act, else waiting helps
 *   RES_REFUSE   the settings or the files are wrong
 */
typedef enum result source_get_keys(struct source_query *query, struct keys *keys, bool *is_set,
                                    struct why *why);

void source_set_name(struct source_query *query, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds to the places that were searched. */
void source_note_searched(struct source_query *query, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
