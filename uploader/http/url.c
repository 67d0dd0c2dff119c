/* url -- see url.h. What is meant as a URL may be anything: nothing here trusts its form. */
#include "uploader/http/url.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/http/http.h"

static bool is_endpoint(const char *url)
{
    bool is_http = strncmp(url, "http://", 7) == 0;
    bool is_https = strncmp(url, "https://", 8) == 0;
    const char *host = is_http ? url + 7 : is_https ? url + 8 : NULL;
    size_t len = host ? strcspn(host, "/") : 0;
    if (len == 0 || (host[len] && host[len + 1]) || strpbrk(host, "@?#")) return false;
    if (strlen(url) > HTTP_ENDPOINT_MAX) return false;
    CURLU *parsed = curl_url();
    if (!parsed) abort();
    bool is_valid = curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK;
    curl_url_cleanup(parsed);
    return is_valid;
}

enum result url_check_endpoint(const char *setting, const char *url, struct why *why)
{
    char shown[200];
    if (is_endpoint(url)) return RES_OK;
    url_mask(url, shown, sizeof shown);
    return why_set(why, RES_REFUSE,
                   "%s=%s: expected http:// or https://, a host, perhaps a port, and nothing more, e.g. "
                   "http://127.0.0.1:9000 or http://[::1]:9000",
                   setting, shown);
}

/* For curl, which would percent-encode nothing: blanks, control characters and other bytes are not part of a URL. */
static bool is_plain(const char *url)
{
    for (const char *c = url; *c; c++)
        if (*c <= ' ' || *c > '~') return false;
    return true;
}

enum result url_check_secret(const char *setting, const char *url, struct why *why)
{
    bool is_http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
    CURLU *parsed = curl_url();
    if (!parsed) abort();
    bool is_valid = is_http && is_plain(url) && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK;
    curl_url_cleanup(parsed);
    if (is_valid) return RES_OK;
    return why_set(
        why, RES_REFUSE,
        "%s is not understood (it is a secret, and not shown): expected a URL that begins with https:// or "
        "http://, as the service that is to be called shows it, without quotes or blanks",
        setting);
}

void url_site(const char *url, char *out, size_t size)
{
    const char *colon = strstr(url, "://");
    const char *from = colon ? colon + 3 : "";
    size_t len = strcspn(from, "/?#");
    const char *at = memrchr(from, '@', len);
    const char *host = at ? at + 1 : from;
    (void)snprintf(out, size, "%s://%.*s", url_scheme(url), (int)(from + len - host), host);
}

void url_host(const char *endpoint, char *host, size_t size)
{
    const char *colon = strstr(endpoint, "://");
    const char *from = colon ? colon + 3 : "";
    (void)snprintf(host, size, "%.*s", (int)strcspn(from, "/"), from);
}

const char *url_scheme(const char *endpoint)
{
    return strncmp(endpoint, "http://", 7) == 0 ? "http" : "https";
}

void url_mask(const char *url, char *out, size_t size)
{
    const char *colon = strstr(url, "://");
    const char *rest = colon ? colon + 3 : url;
    const char *at = strrchr(rest, '@'); /* the last: a password may contain others */
    const char *shown = at ? at : rest;
    size_t len = strcspn(shown, "?#");
    (void)snprintf(out, size, "%.*s%s%.*s%s", (int)(rest - url), url, at ? "***" : "", (int)len, shown,
                   shown[len] ? "?***" : "");
}
