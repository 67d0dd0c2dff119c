/*
 * host -- which names a request to the status server may be addressed to. Pure.
 *
 * A web page of somebody else's can make a browser ask this machine, under a name of its own that it lets point here (DNS
 * rebinding), and could then read the answer. It cannot choose what the browser sends as `Host`: so only names are served
 * that nobody else's page can have.
 */
#ifndef COMMON_STATUS_HOST_H
#define COMMON_STATUS_HOST_H

#include <stdbool.h>

#include "common/why.h"

#define HOST_NAME_MAX_BYTES 255
#define HOST_LIST_MAX       4096 /* bytes of STATUS_ALLOWED_HOSTS */

/*
 * May this `Host` be served? It may be an IP literal (an IPv6 one in brackets), localhost, `node`, or a name of `allowed`
 * (STATUS_ALLOWED_HOSTS; NULL: none), each with or without a port and a final dot, in any case. `host` NULL: there was
 * none, which is no.
 */
bool host_is_allowed(const char *host, const char *node, const char *allowed);

/*
 * Is the list one of host names, separated by commas or blanks?
 *   RES_REFUSE   no: `why` names the setting and the entry
 */
MUST_CHECK enum result host_check_list(const char *allowed, struct why *why);

#endif
