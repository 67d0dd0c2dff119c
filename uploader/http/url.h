/*
 * url -- the URLs of servers, as settings and profiles have them. Pure.
 */
#ifndef UPLOADER_HTTP_URL_H
#define UPLOADER_HTTP_URL_H

#include <stddef.h>

#include "common/why.h"

/*
 * Is it http:// or https://, a host, perhaps a port and a final slash, and nothing more?
 *   RES_REFUSE   no; `why` names `setting`, the setting or the key that the URL comes from
 */
MUST_CHECK enum result url_check_endpoint(const char *setting, const char *url, struct why *why);

/* Of an endpoint that url_check_endpoint() has accepted: its host, with the port if it names one; "" for "". */
void url_host(const char *endpoint, char *host, size_t size);

/* Likewise: http, or https. */
const char *url_scheme(const char *endpoint);

/*
 * Is it http:// or https://, a host, and whatever may follow: the URL of a service that is called as it is given? Such a URL
 * is a secret, as the paths of webhooks are: no message shows it.
 *   RES_REFUSE   no; `why` names `setting`
 */
MUST_CHECK enum result url_check_secret(const char *setting, const char *url, struct why *why);

/*
 * Of such a URL what people may see: scheme://host, with the port if it names one; no user, path or query. It is cut if
 * `size` is too small.
 */
void url_site(const char *url, char *out, size_t size);

/*
 * Writes the URL as people may see it: *** stands for a user with a password, and for a query. It is cut if `size` is
 * too small.
 */
void url_mask(const char *url, char *out, size_t size);

#endif
