/* partition -- see partition.h. */
#include "uploader/http/partition.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "uploader/http/region.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The first is that of all other regions. Of the isolated ones no dual-stack servers are published. */
static const struct partition partitions[] = {
    {"aws", "", "amazonaws.com", "api.aws", true},
    {"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", false},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", true},
    {"aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu", true},
    {"aws-iso", "us-iso-", "c2s.ic.gov", NULL, true},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", NULL, true},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", NULL, true},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", NULL, true},
};

const struct partition *partition_of_region(const char *region)
{
    if (region_is_aws_name(region))
        for (size_t i = 1; i < COUNT(partitions); i++)
            if (strncmp(region, partitions[i].region_prefix, strlen(partitions[i].region_prefix)) == 0)
                return &partitions[i];
    return &partitions[0];
}

/* Passes over `word` at the beginning of `*text`. */
static bool skip(const char **text, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*text, word, len) != 0) return false;
    *text += len;
    return true;
}

/* The region in s3.REGION.DOMAIN, s3.dualstack.REGION..., s3-fips.REGION..., s3-fips.dualstack.REGION..., s3-REGION... */
static bool find_region(const char *host, char region[REGION_SIZE])
{
    const char *at = host;
    if (!skip(&at, "s3")) return false;
    if (!skip(&at, "-fips.") && !skip(&at, ".") && !skip(&at, "-")) return false;
    (void)skip(&at, "dualstack.");
    size_t len = strcspn(at, ".");
    if (len == 0 || len >= REGION_SIZE || at[len] != '.') return false;
    (void)snprintf(region, REGION_SIZE, "%.*s", (int)len, at);
    return region_is_aws_name(region);
}

const struct partition *partition_of_s3_host(const char *host)
{
    char region[REGION_SIZE];
    if (strcmp(host, "s3.amazonaws.com") == 0) return &partitions[0];
    if (!find_region(host, region)) return NULL;
    const struct partition *partition = partition_of_region(region);
    const char *domain = strstr(host, region) + strlen(region) + 1;
    return strcmp(domain, partition->domain) == 0 ? partition : NULL;
}
