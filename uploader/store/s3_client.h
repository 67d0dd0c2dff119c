/*
 * s3_client -- sends requests to one bucket, and says what the answers mean.
 *
 * Each request is signed anew, with keys that are asked for each time (credentials.h), for the region and at the time
 * that the server wants (s3_server.h). If the server says that one of these is wrong, the request is repeated at
 * once with a better one.
 */
#ifndef UPLOADER_STORE_S3_CLIENT_H
#define UPLOADER_STORE_S3_CLIENT_H

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/credentials/connection.h"
#include "uploader/credentials/credentials.h"
#include "uploader/store/s3_call.h"
#include "uploader/store/s3_headers.h"
#include "uploader/store/s3_server.h"

struct s3_options {
    struct s3_server_options server;
    struct s3_object_options objects;
    struct connection_options connection;
    struct credentials_options credentials;
    struct http_limits limits;
};

/* The last four are as in struct stored. */
struct s3_answer {
    struct http_answer http;
    int64_t wait_ms;
    struct cause cause;
    bool is_from_store;
    bool is_authentic;
};

struct s3_client;

/*
 * Nothing is sent yet. Copies the options, whose texts are borrowed, as are signals and lock.
 *   RES_REFUSE   an option, or a file that one names, is wrong
 *   RES_RETRY    such a file cannot be read
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result s3_client_open(struct s3_client **client, const struct s3_options *options,
                                      struct signals *signals, const struct lockfile *lock, struct why *why);
void s3_client_close(struct s3_client *client); /* accepts NULL */

/*
 * Opens the same client once more, for another thread: keys, region and clock are shared, the connection is its own. It
 * must be closed before `first`.
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result s3_client_open_another(struct s3_client **client, const struct s3_client *first,
                                              struct why *why);

/* Can requests be signed? As store_prepare() in store.h. */
MUST_CHECK enum result s3_client_prepare(struct s3_client *client, char source[STORE_SOURCE_SIZE],
                                         struct why *why);

/* Where and how it connects, what it was opened with, and the keys. Borrowed. */
const struct connection *s3_client_connection(const struct s3_client *client);
const struct s3_options *s3_client_options(const struct s3_client *client);
struct credentials *s3_client_credentials(const struct s3_client *client);

/* Where the next request goes. */
void s3_client_address(const struct s3_client *client, struct s3_address *address);

/* Have files that the keys come from changed since they were asked for? */
bool s3_client_has_new_keys(struct s3_client *client);
bool s3_client_clock_is_wrong(struct s3_client *client, int64_t *ahead_ms);

/*
 * Sends one call, at most four times in all. `answer` is filled in any case and needs s3_answer_fini().
 *   DONE           200, to a PUT any 2xx
 *   ABSENT         404 to HEAD or GET
 *   CANNOT_CHECK   a refusal of HEAD or GET
 *   CONFLICT       412 to a conditional PUT: something is under the key
 *   all others     as in store.h, with `why`; never UNKNOWN to HEAD and GET, which store nothing
 */
enum store_answer s3_client_send(struct s3_client *client, const struct s3_call *call,
                                 struct s3_answer *answer, struct why *why);
void s3_answer_fini(struct s3_answer *answer);

#endif
