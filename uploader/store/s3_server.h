/*
 * s3_server -- the bucket's server as this run knows it: its address, its region and its clock. What the settings say
 * holds until an answer teaches better.
 *
 * An answer never names the host that is asked next: of AWS only regions of its own kind are believed, and the name is
 * made here; an endpoint of one's own stays what it is, signed for the region that it wants. So no signature ever leaves
 * for a host that neither a setting nor AWS stands for.
 *
 * Usable from several threads.
 */
#ifndef UPLOADER_STORE_S3_SERVER_H
#define UPLOADER_STORE_S3_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "uploader/http/http.h"
#include "uploader/http/region.h"
#include "uploader/settings.h"

#define S3_HOST_SIZE 1400

struct s3_server;

/* What one request needs to know. */
struct s3_address {
    const char *scheme;      /* http or https */
    char host[S3_HOST_SIZE]; /* with the bucket in virtual addressing, with the port if there is one */
    bool is_path_style;
    char region[REGION_SIZE];
    int64_t at_s; /* the server's time now, as far as it is known */
};

/* `settings` is borrowed; `region` is the one that they mean. */
struct s3_server *s3_server_new(const struct settings *settings, const char *region);
void s3_server_free(struct s3_server *server); /* accepts NULL */

void s3_server_address(struct s3_server *server, struct s3_address *address);

/*
 * Does the answer to a request that was sent as `used` says show that the region, or the clock, was wrong, and what is
 * right? Then it is remembered and logged, and the same request signed anew may succeed. Nothing was stored by this one.
 */
bool s3_server_learn_region(struct s3_server *server, const struct s3_address *used,
                            const struct http_answer *answer);
bool s3_server_learn_clock(struct s3_server *server, const struct s3_address *used,
                           const struct http_answer *answer);

#endif
