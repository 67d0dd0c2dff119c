/*
 * allow -- who may send: a list of addresses and CIDR ranges, IPv4 and IPv6. Pure, no I/O.
 *
 * IPv4 and IPv6 are kept apart: ::/0 is all of IPv6 and nothing of IPv4. An IPv4 sender counts as IPv4 also if a
 * socket that listens on "::" shows it as ::ffff:a.b.c.d.
 */
#ifndef COLLECTOR_NET_ALLOW_H
#define COLLECTOR_NET_ALLOW_H

#include <stdbool.h>

#include "common/why.h"

#define ALLOW_TEXT_MAX 16384 /* bytes of the list: some hundred ranges */

struct allow;
struct sockaddr;

/*
 * Reads a list of addresses (10.1.2.3, fd00::1), ranges (10.0.0.0/8, fd00::/8) and the word "all" (everybody),
 * separated by commas, white space or both. Host names are refused: DNS must not decide who may send.
 *
 * The caller owns `*allow` and frees it with allow_free(); it is NULL unless RES_OK.
 *   RES_REFUSE   an entry is wrong: `why` names ALLOW_FROM, the entry, and a correct form
 */
MUST_CHECK enum result allow_parse(struct allow **allow, const char *text, struct why *why);
void allow_free(struct allow *allow); /* accepts NULL */

/* May this address send? An address that is neither IPv4 nor IPv6 may send only if "all" is listed. */
bool allow_has(const struct allow *allow, const struct sockaddr *address);

#endif
