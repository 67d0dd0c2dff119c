/* s3_server -- see s3_server.h. */
#include "uploader/store/s3_server.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/http/endpoint.h"
#include "uploader/http/partition.h"
#include "uploader/http/server_time.h"
#include "uploader/store/s3_error.h"
#include "uploader/store/server_clock.h"

#define SKEW_LOGGED_S 60 /* if the server says that our clock is wrong, it is off by this much at least */
/* If it only says "forbidden", as to HEAD: servers accept 15 minutes, few clocks are so wrong */
#define SKEW_SEEN_S 300

struct s3_server {
    struct s3_server_options options;    /* its texts are borrowed */
    const struct connection *connection; /* as the settings say; borrowed */
    pthread_mutex_t mutex;               /* guards what follows */
    char region[REGION_SIZE];
    char told[REGION_SIZE]; /* the last one that was logged; "": none */
    int64_t ahead_s;        /* how far the server's clock is ahead of ours, where it refused our time */
    struct server_clock clock;
};

struct s3_server *s3_server_new(const struct s3_server_options *options, const struct connection *connection)
{
    struct s3_server *server = calloc(1, sizeof *server);
    if (!server) abort();
    server->options = *options;
    (void)pthread_mutex_init(&server->mutex, NULL);
    server->connection = connection;
    (void)snprintf(server->region, sizeof server->region, "%s", connection->region);
    return server;
}

void s3_server_free(struct s3_server *server)
{
    if (!server) return;
    (void)pthread_mutex_destroy(&server->mutex);
    free(server);
}

void s3_server_address(struct s3_server *server, struct s3_address *address)
{
    char region[REGION_SIZE];
    (void)pthread_mutex_lock(&server->mutex);
    (void)snprintf(region, sizeof region, "%s", server->region);
    address->at_s = clock_now_ms() / 1000 + server->ahead_s;
    (void)pthread_mutex_unlock(&server->mutex);
    s3_address_make(&server->options, server->connection, region, address);
}

/* Is it a region of AWS, in the same partition as ours, with a server as we want it? */
static bool is_aws_region(const struct connection *c, const char *region, const char *ours)
{
    const struct endpoint_options wanted = {region, c->uses_fips, c->uses_dualstack, c->uses_global_sts};
    struct endpoint ignored;
    struct why unused = {0};
    return region_is_aws_name(region) && partition_of_region(region) == partition_of_region(ours) &&
           endpoint_s3(&wanted, &ignored, &unused) == RES_OK;
}

bool s3_server_learn_region(struct s3_server *server, const struct s3_address *used,
                            const struct http_answer *answer)
{
    char region[REGION_SIZE];
    if (!s3_error_region(answer, region) || strcmp(region, used->region) == 0) return false;
    if (!*server->connection->s3_endpoint && !is_aws_region(server->connection, region, used->region))
        return false;

    (void)pthread_mutex_lock(&server->mutex);
    bool is_news = strcmp(server->told, region) != 0; /* another thread may have been faster */
    (void)snprintf(server->region, sizeof server->region, "%s", region);
    (void)snprintf(server->told, sizeof server->told, "%s", region);
    (void)pthread_mutex_unlock(&server->mutex);
    if (is_news)
        log_warn("the bucket is in another region than AWS_REGION says: requests go there from now on",
                 "bucket=%s was=%s region=%s remedy=\"set AWS_REGION=%s\"", server->options.bucket,
                 used->region, region, region);
    return true;
}

bool s3_server_doubt_region(struct s3_server *server, const struct s3_address *used,
                            const struct http_answer *answer)
{
    char code[S3_CODE_SIZE];
    if (strcmp(used->region, server->connection->region) == 0) return false;
    if (answer->status != 400 && answer->status != 403) return false;
    s3_error_field(answer, "Code", code, sizeof code);
    if (strcmp(code, "SignatureDoesNotMatch") != 0 && strcmp(code, "AuthorizationHeaderMalformed") != 0)
        return false;
    (void)pthread_mutex_lock(&server->mutex);
    (void)snprintf(server->region, sizeof server->region, "%s", server->connection->region);
    (void)pthread_mutex_unlock(&server->mutex);
    return true;
}

static void log_clock(int64_t ahead_s)
{
    if (llabs(ahead_s) < SKEW_LOGGED_S)
        log_info("requests carry this machine's time again", NULL);
    else
        log_warn("the store refuses this machine's time: requests carry the store's from now on",
                 "clock=%s by_s=%" PRId64, ahead_s > 0 ? "behind" : "ahead", (int64_t)llabs(ahead_s));
}

void s3_server_read_clock(struct s3_server *server, const struct http_answer *answer)
{
    int64_t server_s = 0;
    if (!server_time_read(answer->date, &server_s)) return;
    (void)pthread_mutex_lock(&server->mutex);
    server_clock_read(&server->clock, server_s * 1000, clock_now_ms(), clock_monotonic_ms());
    (void)pthread_mutex_unlock(&server->mutex);
}

bool s3_server_clock_is_wrong(struct s3_server *server, int64_t *ahead_ms)
{
    (void)pthread_mutex_lock(&server->mutex);
    bool is_wrong = server_clock_is_wrong(&server->clock, clock_now_ms(), clock_monotonic_ms(), ahead_ms);
    (void)pthread_mutex_unlock(&server->mutex);
    return is_wrong;
}

bool s3_server_learn_clock(struct s3_server *server, const struct s3_address *used,
                           const struct http_answer *answer)
{
    char code[S3_CODE_SIZE];
    if (answer->status != 403) return false;
    s3_error_field(answer, "Code", code, sizeof code);
    if (*code && strcmp(code, "RequestTimeTooSkewed") != 0) return false;
    int64_t server_s = 0;
    if (!server_time_read(answer->date, &server_s)) return false;
    if (llabs(server_s - used->at_s) < (*code ? SKEW_LOGGED_S : SKEW_SEEN_S)) return false;

    int64_t ahead_s = server_s - clock_now_ms() / 1000;
    (void)pthread_mutex_lock(&server->mutex);
    bool is_news = llabs(server->ahead_s - ahead_s) >= SKEW_LOGGED_S;
    server->ahead_s = ahead_s;
    (void)pthread_mutex_unlock(&server->mutex);
    if (is_news) log_clock(ahead_s);
    return true;
}
