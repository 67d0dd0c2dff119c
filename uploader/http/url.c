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
