/*
 * s3_server -- the bucket's server as this run knows it: its address, its region and its clock. The options hold until
 * an answer corrects them.
 *
 * An answer never names the host of the next request: for AWS's own servers only the names of AWS's regions are
 * accepted, and the host's name is made of them here; an endpoint that was set stays the same, and requests are signed
 * for the region that it asks for. So no signature is ever sent to a host that is neither set nor AWS's.
 *
 * Usable from several threads.
 */
#ifndef UPLOADER_STORE_S3_SERVER_H
#define UPLOADER_STORE_S3_SERVER_H

#include "uploader/store/s3_address.h"

struct s3_server;

/* Borrows the options' texts and the connection, whose region is the bucket's as far as it is known. */
struct s3_server *s3_server_new(const struct s3_server_options *options, const struct connection *connection);
void s3_server_free(struct s3_server *server); /* accepts NULL */

void s3_server_address(struct s3_server *server, struct s3_address *address);

/*
 * Does the answer to a request that was sent with the address `used` show that its region, or its time, was wrong, and
 * which is right? Then that is remembered and logged, and the same request, signed anew, may succeed. This one has
 * stored nothing.
 */
bool s3_server_learn_region(struct s3_server *server, const struct s3_address *used,
                            const struct http_answer *answer);
bool s3_server_learn_clock(struct s3_server *server, const struct s3_address *used,
                           const struct http_answer *answer);

/* Measures this machine's clock by any answer's Date; and is it wrong? Then `*ahead_ms` is as in server_clock.h. */
void s3_server_read_clock(struct s3_server *server, const struct http_answer *answer);
bool s3_server_clock_is_wrong(struct s3_server *server, int64_t *ahead_ms);

/*
 * Does the answer refuse a signature for a region that was learnt? The name may have come from a portal: the settings' own
 * is used again. If the server names another one again, that is learnt again.
 */
bool s3_server_doubt_region(struct s3_server *server, const struct s3_address *used,
                            const struct http_answer *answer);

#endif
