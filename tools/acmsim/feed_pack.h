/* feed_pack -- what a protocol or an encoding makes of an event's bytes. */
#ifndef ACMSIM_FEED_PACK_H
#define ACMSIM_FEED_PACK_H

#include "tools/acmsim/bytes.h"
#include "tools/acmsim/rng.h"

/* Append the event as it is on the wire, with what stands around it. */
typedef void feed_pack_function(struct bytes *out, const struct bytes *event, struct rng *rng);

feed_pack_function feed_pack_utf16le, feed_pack_utf16be; /* from ISO-8859-1 */
feed_pack_function feed_pack_post, feed_pack_chunked; /* an HTTP request; its body whole or in two chunks */
feed_pack_function feed_pack_part;                    /* a part of a multipart document, with its head */
feed_pack_function feed_pack_client_hello;            /* of TLS, in place of the event */

#endif
