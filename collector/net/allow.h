/*
 * allow -- who may send: a list of addresses and CIDR ranges, IPv4 and IPv6. Pure, no I/O.
 *
 * IPv4 and IPv6 are kept apart: ::/0 is all of IPv6 and nothing of IPv4. An IPv4 sender is the same one whether it is
 * met as itself or as ::ffff:a.b.c.d, through a socket that listens on "::".
 */
#ifndef COLLECTOR_NET_ALLOW_H
#define COLLECTOR_NET_ALLOW_H

#include <stdbool.h>

#include "common/why.h"

#define ALLOW_TEXT_MAX 16384 /* bytes of the list: some hundred ranges */

struct allow;
struct sockaddr;

/*
 * Reads a list of addresses (10.1.2.3, fd00::1), ranges (10.0.0.0/8, fd00::/8) and the word "all" (everybody), parted by
 * commas, white space or both. Names are not looked up: an answer of DNS is no ground for a permission.
 *
 * `*allow` is the caller's, NULL unless RES_OK.
 *   RES_REFUSE   an entry is wrong: `why` names ALLOW_FROM, the entry, and what would be right
 */
MUST_CHECK enum result allow_parse(struct allow **allow, const char *text, struct why *why);
void allow_free(struct allow *allow); /* accepts NULL */

/* May this address send? One that is neither IPv4 nor IPv6 may not, unless everybody may. */
bool allow_has(const struct allow *allow, const struct sockaddr *address);

#endif
