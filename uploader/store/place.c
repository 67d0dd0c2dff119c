/* place -- see place.h. */
#include "uploader/store/place.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "uploader/http/http.h"
#include "uploader/http/partition.h"
#include "uploader/http/url.h"

#define HOST_SIZE (HTTP_ENDPOINT_MAX + 16)

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool cut_end(char *text, const char *end)
{
    if (!ends_with(text, end)) return false;
    text[strlen(text) - strlen(end)] = '\0';
    return true;
}

/* Passes over `word` at the beginning of `*text`. */
static bool skip(const char **text, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*text, word, len) != 0) return false;
    *text += len;
    return true;
}

/* In lower case, and with one name for this machine. `host` may have a port. */
static void normalise_host(char *host)
{
    static const char *const locals[] = {"127.0.0.1", "[::1]"};
    char rest[HTTP_ENDPOINT_MAX + 1];
    for (char *c = host; *c; c++) *c = (char)tolower((unsigned char)*c);
    for (size_t i = 0; i < sizeof locals / sizeof *locals; i++) {
        size_t len = strlen(locals[i]);
        if (strncmp(host, locals[i], len) != 0 || (host[len] != ':' && host[len] != '\0')) continue;
        (void)snprintf(rest, sizeof rest, "%s", host + len);
        (void)snprintf(host, HOST_SIZE, "localhost%s", rest);
    }
}

/* What stands for AWS: nothing, or the partition, as each has buckets of its own. */
static void name_partition(const struct partition *partition, char *host)
{
    (void)snprintf(host, HOST_SIZE, "%s", strcmp(partition->name, "aws") == 0 ? "" : partition->name);
}

/* `host` "": AWS. */
static void name_bucket(const char *bucket, int bucket_len, char *host,
                        char destination[BATCH_DESTINATION_MAX])
{
    char without_port[HOST_SIZE];
    normalise_host(host);
    (void)snprintf(without_port, sizeof without_port, "%s", host);
    if (!cut_end(without_port, ":443")) (void)cut_end(without_port, ":80");
    const struct partition *partition = partition_of_s3_host(without_port);
    if (partition) name_partition(partition, host);
    (void)snprintf(destination, BATCH_DESTINATION_MAX, "s3://%.*s%s%s", bucket_len, bucket, *host ? "@" : "",
                   host);
}

void place_name_bucket(const char *bucket, const char *endpoint, const char *region,
                       char destination[BATCH_DESTINATION_MAX])
{
    char host[HOST_SIZE] = "";
    if (!*endpoint) {
        name_partition(partition_of_region(region), host);
    } else {
        const char *own_port = strncasecmp(endpoint, "http:", 5) == 0 ? ":80" : ":443";
        url_host(endpoint, host, sizeof host);
        (void)cut_end(host, own_port);
    }
    name_bucket(bucket, (int)strlen(bucket), host, destination);
}

/* The real path where there is one, else the same one without a final slash. `path` is absolute. */
static void name_path(const char *path, char destination[BATCH_DESTINATION_MAX])
{
    char real[PATH_MAX];
    int len = snprintf(destination, BATCH_DESTINATION_MAX, "file://%s", realpath(path, real) ? real : path);
    if (len >= BATCH_DESTINATION_MAX) len = BATCH_DESTINATION_MAX - 1;
    while (len > 8 && destination[len - 1] == '/') destination[--len] = '\0';
}

void place_name_directory(const char *directory, char destination[BATCH_DESTINATION_MAX])
{
    char current[PATH_MAX] = "";
    char path[BATCH_DESTINATION_MAX];
    if (*directory != '/' && !getcwd(current, sizeof current - 1)) current[0] = '\0';
    (void)snprintf(path, sizeof path, "%s%s%s", current, *current ? "/" : "", directory);
    name_path(path, destination);
}

static void normalise(const char *destination, char normal[BATCH_DESTINATION_MAX])
{
    const char *rest = destination;
    char host[HOST_SIZE] = "";
    if (skip(&rest, "s3://")) {
        size_t bucket_len = strcspn(rest, "@");
        if (rest[bucket_len]) (void)snprintf(host, sizeof host, "%s", rest + bucket_len + 1);
        name_bucket(rest, (int)bucket_len, host, normal);
    } else if (skip(&rest, "file://")) {
        name_path(rest, normal);
    } else {
        (void)snprintf(normal, BATCH_DESTINATION_MAX, "%s", destination);
    }
}

const char *place_directory(const char *destination)
{
    return skip(&destination, "file://") ? destination : NULL;
}

bool place_is_same(const char *a, const char *b)
{
    char normal_a[BATCH_DESTINATION_MAX];
    char normal_b[BATCH_DESTINATION_MAX];
    normalise(a, normal_a);
    normalise(b, normal_b);
    return strcmp(normal_a, normal_b) == 0;
}
