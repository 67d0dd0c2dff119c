/* endpoint -- see endpoint.h. */
#include "uploader/http/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "uploader/http/partition.h"

#define GLOBAL       "aws-global" /* what AWS's tools call the servers without a region */
#define GLOBAL_SIGNS "us-east-1"

/* Former names of the FIPS servers' regions: fips-us-east-1, us-east-1-fips. There is no such host. */
static enum result refuse_fips_region(const char *region, struct why *why)
{
    size_t len = strlen(region);
    bool is_before = strncmp(region, "fips-", 5) == 0;
    bool is_behind = len > 5 && strcmp(region + len - 5, "-fips") == 0;
    if (!is_before && !is_behind) return RES_OK;
    (void)why_remedy(why, RES_REFUSE, "set AWS_REGION=%.*s and AWS_USE_FIPS_ENDPOINT=true",
                     (int)(len - (is_before ? 5 : 0) - (is_behind ? 5 : 0)), region + (is_before ? 5 : 0));
    return why_set(why, RES_REFUSE, "%s is no region, but a former name of a FIPS server", region);
}

/* Names of AWS's tools for services that have no regions: aws-cn-global. No server of S3 has one. */
static enum result refuse_pseudo_region(const char *region, struct why *why)
{
    static const char end[] = "-global";
    size_t len = strlen(region);
    bool is_one = strncmp(region, "aws-", 4) == 0 && len > sizeof end &&
                  strcmp(region + len - sizeof end + 1, end) == 0;
    if (!is_one || strcmp(region, GLOBAL) == 0) return refuse_fips_region(region, why);
    (void)why_remedy(why, RES_REFUSE, "set AWS_REGION to the region of the bucket");
    return why_set(why, RES_REFUSE, "%s is no region of S3", region);
}

static enum result refuse_fips(const struct partition *partition, const char *region, struct why *why)
{
    (void)why_remedy(
        why, RES_REFUSE,
        "do without AWS_USE_FIPS_ENDPOINT (use_fips_endpoint), or choose a bucket in another region");
    return why_set(why, RES_REFUSE, "the region %s (%s) has no FIPS server of S3", region, partition->name);
}

static void set(struct endpoint *endpoint, const char *service, const struct endpoint_options *options,
                const char *region, const char *domain)
{
    (void)snprintf(endpoint->host, sizeof endpoint->host, "%s%s.%s.%s", service,
                   options->uses_fips ? "-fips" : "", region, domain);
    (void)snprintf(endpoint->region, sizeof endpoint->region, "%s", region);
}

/* Without a region in its name. */
static void set_global(struct endpoint *endpoint, const char *service)
{
    (void)snprintf(endpoint->host, sizeof endpoint->host, "%s.amazonaws.com", service);
    (void)snprintf(endpoint->region, sizeof endpoint->region, "%s", GLOBAL_SIGNS);
}

enum result endpoint_s3(const struct endpoint_options *options, struct endpoint *endpoint, struct why *why)
{
    char region[REGION_SIZE + sizeof "dualstack."];
    *endpoint = (struct endpoint){.host = ""};
    bool is_global = strcmp(options->region, GLOBAL) == 0;
    const char *name = is_global ? GLOBAL_SIGNS : options->region;
    const struct partition *partition = partition_of_region(name);
    enum result res = refuse_pseudo_region(name, why);
    if (res != RES_OK) return res;
    if (options->uses_fips && !partition->has_s3_fips) return refuse_fips(partition, name, why);
    if (is_global && !options->uses_fips && !options->uses_dualstack) {
        set_global(endpoint, "s3");
        return RES_OK;
    }
    (void)snprintf(region, sizeof region, "%s%s", options->uses_dualstack ? "dualstack." : "", name);
    set(endpoint, "s3", options, region, partition->domain);
    (void)snprintf(endpoint->region, sizeof endpoint->region, "%s", name);
    return RES_OK;
}

/* Regions whose calls went to the global server before there were regional ones (AWS, "STS Regional endpoints"). */
static bool is_legacy_region(const char *region)
{
    static const char *const list[] = {"ap-northeast-1", "ap-south-1",   "ap-southeast-1", "ap-southeast-2",
                                       "ca-central-1",   "eu-central-1", "eu-north-1",     "eu-west-1",
                                       "eu-west-2",      "eu-west-3",    "sa-east-1",      "us-east-1",
                                       "us-east-2",      "us-west-1",    "us-west-2"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(region, list[i]) == 0) return true;
    return false;
}

enum result endpoint_sts(const struct endpoint_options *options, struct endpoint *endpoint, struct why *why)
{
    *endpoint = (struct endpoint){.host = ""};
    bool is_plain = !options->uses_fips && !options->uses_dualstack;
    bool is_global = strcmp(options->region, GLOBAL) == 0;
    const char *region = is_global ? GLOBAL_SIGNS : options->region;
    const struct partition *partition = partition_of_region(region);
    enum result res = refuse_pseudo_region(region, why);
    if (res != RES_OK) return res;
    if (is_plain && (is_global || (options->uses_global_sts && is_legacy_region(region)))) {
        set_global(endpoint, "sts");
        return RES_OK;
    }
    if (options->uses_dualstack && !partition->dualstack_domain) {
        (void)why_remedy(why, RES_REFUSE, "do without AWS_USE_DUALSTACK_ENDPOINT (use_dualstack_endpoint)");
        return why_set(why, RES_REFUSE, "the region %s (%s) has no dual-stack server of STS", region,
                       partition->name);
    }
    struct endpoint_options named = *options;
    if (strcmp(partition->name, "aws-us-gov") == 0 && !options->uses_dualstack)
        named.uses_fips = false; /* its common servers are validated ones */
    set(endpoint, "sts", &named, region,
        options->uses_dualstack ? partition->dualstack_domain : partition->domain);
    return RES_OK;
}
