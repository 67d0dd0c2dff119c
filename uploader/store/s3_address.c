/* s3_address -- see s3_address.h. */
#include "uploader/store/s3_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "uploader/http/endpoint.h"
#include "uploader/http/partition.h"
#include "uploader/http/url.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* AWS puts a bucket before its host only if its certificate, and DNS, take it there: 3 to 63 letters, digits, dashes. */
static bool is_host_label(const char *bucket)
{
    size_t len = strlen(bucket);
    return len >= 3 && len <= 63 && strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
           *bucket != '-' && bucket[len - 1] != '-';
}

/* One of AWS's own, by the name that was set as the endpoint. They know no buckets in the path. */
static bool is_fips_host(const char *host)
{
    return strncmp(host, "s3-fips.", 8) == 0 && partition_of_s3_host(host);
}

/* An address as the host: nothing can stand before it, as nothing can before [::1] in a URL. */
static bool is_ip_address(const char *host)
{
    char name[HTTP_ENDPOINT_MAX + 1];
    struct in_addr address;
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(host, ":"), host);
    return *host == '[' || inet_pton(AF_INET, name, &address) == 1;
}

/* Where the bucket cannot be part of the host's name it is in the path, whatever was asked for, as for AWS's own tools. */
static bool is_path_style(const struct s3_server_options *options, const char *host)
{
    if (options->addressing == S3_ADDRESSING_PATH) return true;
    if (is_fips_host(host)) return false;
    if (*host ? is_ip_address(host) : !is_host_label(options->bucket)) return true;
    return options->addressing == S3_ADDRESSING_AUTO && *host;
}

/* ---- what cannot be ---- */

/* Names that are no bucket's that we could write to; %s is the name. */
static const struct {
    const char *end, *is, *remedy;
} kinds[] = {
    {"--x-s3", "a directory bucket (S3 Express One Zone), which other requests and other keys are for",
     "choose a general purpose bucket, and have S3 copy from there if you need the other"},
    {"--xa-s3",
     "an access point of a directory bucket (S3 Express One Zone), which other requests and other keys are "
     "for",
     "choose a general purpose bucket, and have S3 copy from there if you need the other"},
    {"--op-s3", "an access point of S3 on Outposts, which is signed for another service",
     "choose a bucket in a region of AWS"},
};

static enum result check_kind(const char *bucket, struct why *why)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!ends_with(bucket, kinds[i].end)) continue;
        (void)why_remedy(why, RES_REFUSE, "%s", kinds[i].remedy);
        return why_set(why, RES_REFUSE, "BUCKET_NAME=%s is %s", bucket, kinds[i].is);
    }
    return RES_OK;
}

/* bucket.vpce-0a1b.s3.eu-west-1.vpce.amazonaws.com: `bucket` is a word there, whatever the bucket's name (AWS PrivateLink). */
static bool is_vpc_endpoint(const char *host)
{
    return strncasecmp(host, "bucket.vpce-", 12) == 0;
}

/*
 * With the bucket in the host's name, requests would name it twice: the server would find the bucket in the host, and take
 * the second for the first folder of the key. Who says S3_ADDRESSING=path knows that the server is called so.
 */
static enum result check_bucket_in_host(const struct s3_server_options *options,
                                        const struct connection *connection, const char *host,
                                        struct why *why)
{
    size_t len = strlen(options->bucket);
    if (options->addressing == S3_ADDRESSING_PATH || is_vpc_endpoint(host)) return RES_OK;
    if (strncasecmp(host, options->bucket, len) != 0 || host[len] != '.' || !host[len + 1]) return RES_OK;
    const char *rest = host + len + 1;
    const char *word = strncasecmp(rest, "vpce-", 5) == 0 ? "bucket." : "";
    (void)why_remedy(why, RES_REFUSE,
                     "set %s to %s://%s%s, without the bucket; if the server's own name begins so, set "
                     "S3_ADDRESSING=path",
                     connection->s3_endpoint_from, url_scheme(connection->s3_endpoint), word, rest);
    return why_set(
        why, RES_REFUSE,
        "the host in %s begins with the name of the bucket, %s: the objects would lie in a folder %s/",
        connection->s3_endpoint_from, options->bucket, options->bucket);
}

/* With an endpoint that was set, AWS's rules for hosts say nothing. */
static enum result check_endpoint(const struct connection *c, struct why *why)
{
    if (!c->uses_fips && !c->uses_dualstack) return RES_OK;
    const char *what = c->uses_fips ? "FIPS" : "dual-stack";
    const char *from = c->uses_fips ? c->fips_from : c->dualstack_from;
    (void)why_remedy(
        why, RES_REFUSE,
        "remove one of the two; an endpoint that was set is used as it is, so set that of a %s server", what);
    return why_set(why, RES_REFUSE, "%s asks for AWS's own %s server, but %s sets another", from, what,
                   c->s3_endpoint_from);
}

/* `from`: what asks for the path. */
static enum result refuse_fips_path(const char *from, const char *remedy, struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "%s, or do without FIPS", remedy);
    return why_set(
        why, RES_REFUSE,
        "the FIPS servers of S3 take the bucket in the host's name alone, and %s puts it into the path",
        from);
}

static enum result check_fips_style(const struct s3_server_options *options, const struct connection *c,
                                    struct why *why)
{
    if (options->addressing == S3_ADDRESSING_PATH)
        return refuse_fips_path("S3_ADDRESSING=path", "set S3_ADDRESSING=auto", why);
    if (options->addressing == S3_ADDRESSING_AUTO && c->addressing == CONNECTION_ADDRESSING_PATH)
        return refuse_fips_path(c->addressing_from, "set S3_ADDRESSING=virtual, or remove it there", why);
    if (is_host_label(options->bucket)) return RES_OK;
    (void)why_remedy(why, RES_REFUSE,
                     "choose a bucket whose name has 3 to 63 small letters, digits and dashes, and no dot, "
                     "or do without FIPS");
    return why_set(why, RES_REFUSE,
                   "the FIPS servers of S3 take the bucket in the host's name alone, of which "
                   "BUCKET_NAME=%s cannot be a part",
                   options->bucket);
}

enum result s3_address_check(const struct s3_server_options *options, const struct connection *c,
                             struct why *why)
{
    char host[HTTP_ENDPOINT_MAX + 1];
    struct endpoint endpoint;
    const struct endpoint_options wanted = {c->region, c->uses_fips, c->uses_dualstack, c->uses_global_sts};
    url_host(c->s3_endpoint, host, sizeof host);
    enum result res = check_kind(options->bucket, why);
    if (res == RES_OK && *host) res = check_endpoint(c, why);
    if (res == RES_OK && *host) res = check_bucket_in_host(options, c, host, why);
    if (res == RES_OK && !*host) res = endpoint_s3(&wanted, &endpoint, why);
    if (res == RES_OK && (c->uses_fips || is_fips_host(host))) res = check_fips_style(options, c, why);
    return res;
}

void s3_address_make(const struct s3_server_options *options, const struct connection *c, const char *region,
                     struct s3_address *address)
{
    char host[HTTP_ENDPOINT_MAX + 1];
    struct endpoint endpoint = {.host = ""};
    const struct endpoint_options wanted = {region, c->uses_fips, c->uses_dualstack, c->uses_global_sts};
    struct why ignored = {0}; /* the check has passed */
    url_host(c->s3_endpoint, host, sizeof host);
    address->scheme = url_scheme(c->s3_endpoint);
    address->is_path_style = is_path_style(options, host);
    const char *bucket = address->is_path_style ? "" : options->bucket;
    const char *dot = address->is_path_style ? "" : ".";
    if (!*host && endpoint_s3(&wanted, &endpoint, &ignored) == RES_OK)
        (void)snprintf(host, sizeof host, "%s", endpoint.host);
    (void)snprintf(address->host, sizeof address->host, "%s%s%s", bucket, dot, host);
    (void)snprintf(address->region, sizeof address->region, "%s",
                   *endpoint.region ? endpoint.region : region);
}
