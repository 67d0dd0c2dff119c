/* fuzz_s3_error -- whatever answers for S3: what it means, in bounds, and no time or region that signing cannot take. */
#include <assert.h>
#include <string.h>

#include "common/log.h"
#include "tests/fuzz/fuzz_support.h"
#include "uploader/http/sigv4.h"
#include "uploader/store/s3_error.h"
#include "uploader/store/s3_server.h"

static void sort(const struct http_answer *answer, enum http_method method)
{
    struct why why = {0};
    char region[REGION_SIZE];
    struct s3_target target = {
        .bucket = "b", .key = "k\xe2\x82\xac", .region = "eu-west-1", .method = method};
    struct s3_refusal refusal = s3_error_sort(answer, &target, &why);
    fuzz_check_why(&why);
    assert(refusal.answer == STORE_NOT_NOW || refusal.answer == STORE_UNKNOWN ||
           refusal.answer == (method == HTTP_HEAD ? STORE_CANNOT_CHECK : STORE_REFUSED));
    assert(memchr(refusal.cause.code, '\0', sizeof refusal.cause.code));
    assert(*why.remedy || refusal.answer == STORE_NOT_NOW || refusal.answer == STORE_UNKNOWN);
    assert(refusal.is_from_store || !refusal.is_authentic);
    (void)s3_error_may_be_condition(&refusal.cause);
    bool has_region = s3_error_region(answer, region);
    assert(strlen(region) < REGION_SIZE && (!has_region || (*region && region_is_valid(region))));
    int64_t wait_ms = s3_error_wait_ms(answer, 1753805700);
    assert(wait_ms >= 0 && wait_ms <= S3_WAIT_MAX_MS);
}

/* Both a server that was set, whose region may have any name, and AWS's. */
static void learn(const struct http_answer *answer, const char *endpoint)
{
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    static struct connection connection;
    struct s3_server_options options = {.bucket = "b"};
    struct s3_address address;
    connection = (struct connection){.region = "eu-west-1"};
    memcpy(connection.s3_endpoint, endpoint, strlen(endpoint) + 1);
    struct s3_server *server = s3_server_new(&options, &connection);
    s3_server_address(server, &address);
    (void)s3_server_learn_region(server, &address, answer);
    (void)s3_server_learn_clock(server, &address, answer);
    s3_server_address(server, &address);
    assert(region_is_valid(address.region));
    sigv4_timestamp(address.at_s, timestamp);
    (void)s3_server_doubt_region(server, &address, answer);
    s3_server_free(server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer answer;
    log_configure(LOG_ERROR, LOG_TEXT);
    fuzz_memory_begin();
    fuzz_take_answer(&answer, data, size);
    sort(&answer, size > 1 && data[0] & 0x80 ? HTTP_HEAD : HTTP_PUT);
    learn(&answer, size > 1 && data[0] & 0x40 ? "" : "http://localhost:9000");
    answer.body.len = 0;
    buf_fini(&answer.body);
    fuzz_memory_end();
    return 0;
}
