/*
 * imds -- keys of the role that is attached to an EC2 instance: instance metadata, version 2.
 *
 * AWS, "Use IMDSv2": PUT for a session token, then GETs with it for the role's name and the role's keys. Version 1 is
 * not used. The service is on this machine: timeouts are short, and no proxy is used. If nothing answers, this machine
 * is no EC2 instance.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "uploader/credentials/secret.h"
#include "uploader/credentials/sources.h"

#define TOKEN_SIZE  1024
#define ROLE_SIZE   129 /* IAM: 64 characters */
#define HEADER_SIZE (TOKEN_SIZE + 40)
#define ROLES_PATH  "/latest/meta-data/iam/security-credentials/"

static enum http_outcome fetch(struct source_query *query, enum http_method method, const char *path,
                               const char *header, struct http_answer *answer, struct why *why)
{
    static const struct buf nothing = {NULL, 0, 0};
    char url[HTTP_ENDPOINT_MAX + sizeof ROLES_PATH + ROLE_SIZE];
    const char *endpoint = query->connection->imds_endpoint;
    const char *headers[] = {header, NULL};
    int len = (int)strlen(endpoint);
    while (len > 0 && endpoint[len - 1] == '/') len--;
    (void)snprintf(url, sizeof url, "%.*s%s", len, endpoint, path);
    struct http_request request = {.method = method,
                                   .url = url,
                                   .headers = headers,
                                   .body = method == HTTP_PUT ? &nothing : NULL,
                                   .timeout_ms = SOURCE_LOCAL_TIMEOUT_MS,
                                   .is_direct = true};
    enum http_outcome outcome = http_do(query->http, &request, answer, why);
    if (outcome != HTTP_ANSWERED)
        (void)why_wrap(why, RES_RETRY, "instance metadata");
    else if (answer->status != 200)
        (void)why_set(why, RES_RETRY, "instance metadata: %s answered HTTP %ld", url, answer->status);
    return outcome;
}

/* The first line of the answer, as far as it consists of `allowed`; "" if it is no such text. */
static void take_line(const struct http_answer *answer, const char *allowed, char *out, size_t size)
{
    size_t len = 0;
    while (len < answer->body.len && answer->body.data[len] != '\n' && answer->body.data[len] != '\r') len++;
    (void)snprintf(out, size, "%.*s", (int)len, len > 0 ? answer->body.data : "");
    if (len >= size || strspn(out, allowed) != len) out[0] = '\0';
}

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-"

/* Gets the session token, as a header. `*is_there` false: nothing answers, and no stop has ended the request. */
static enum result get_token(struct source_query *query, char header[HEADER_SIZE], bool *is_there,
                             struct why *why)
{
    char token[TOKEN_SIZE];
    struct http_answer answer;
    enum http_outcome outcome = fetch(query, HTTP_PUT, "/latest/api/token",
                                      "X-aws-ec2-metadata-token-ttl-seconds: 300", &answer, why);
    *is_there = outcome == HTTP_ANSWERED || outcome == HTTP_STOPPED;
    take_line(&answer, WORD "/", token, sizeof token);
    (void)snprintf(header, HEADER_SIZE, "X-aws-ec2-metadata-token: %s", token);
    bool is_given = outcome == HTTP_ANSWERED && answer.status == 200 && *token;
    bool is_refused = outcome == HTTP_ANSWERED && answer.status < 500;
    OPENSSL_cleanse(token, sizeof token);
    http_answer_fini(&answer);
    if (is_given) return RES_OK;
    if (is_refused && !*why->text)
        (void)why_set(why, RES_RETRY, "instance metadata: the answer holds no session token");
    if (is_refused)
        (void)why_remedy(why, RES_RETRY,
                         "allow instance metadata (IMDSv2) for this instance, or set AWS_ACCESS_KEY_ID and "
                         "AWS_SECRET_ACCESS_KEY, and AWS_EC2_METADATA_DISABLED=true");
    return RES_RETRY;
}

static enum result get_role(struct source_query *query, const char *header, char role[ROLE_SIZE],
                            struct why *why)
{
    struct http_answer answer;
    enum http_outcome outcome = fetch(query, HTTP_GET, ROLES_PATH, header, &answer, why);
    take_line(&answer, WORD, role, ROLE_SIZE);
    bool is_given = outcome == HTTP_ANSWERED && answer.status == 200 && *role;
    bool is_none = outcome == HTTP_ANSWERED && (answer.status == 404 || (answer.status == 200 && !*role));
    http_answer_fini(&answer);
    if (is_given) return RES_OK;
    if (!is_none) return RES_RETRY;
    (void)why_remedy(
        why, RES_RETRY,
        "attach an IAM role to this instance, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    return why_set(why, RES_RETRY, "instance metadata: no role is attached to this instance");
}

static enum result get_keys(struct source_query *query, const char *header, const char *role,
                            struct keys *keys, struct why *why)
{
    char path[sizeof ROLES_PATH + ROLE_SIZE];
    struct http_answer answer;
    (void)snprintf(path, sizeof path, ROLES_PATH "%s", role);
    enum http_outcome outcome = fetch(query, HTTP_GET, path, header, &answer, why);
    enum result res = RES_RETRY;
    if (outcome == HTTP_ANSWERED && answer.status == 200) {
        res = keys_parse_json(keys, &answer.body, "Token", why);
        if (res != RES_OK) {
            (void)why_remedy(why, RES_RETRY, "see that the role %s may be assumed by ec2.amazonaws.com",
                             role);
            res = why_wrap(why, RES_RETRY, "instance metadata: role %s", role);
        }
    }
    http_answer_fini(&answer);
    return res;
}

enum result imds_get_keys(struct source_query *query, struct keys *keys, bool *is_set, struct why *why)
{
    char header[HEADER_SIZE];
    char role[ROLE_SIZE];
    *is_set = false;
    if (query->options->imds.is_disabled) {
        source_note_searched(query, "instance metadata (switched off by AWS_EC2_METADATA_DISABLED)");
        return RES_OK;
    }
    enum result res = get_token(query, header, is_set, why);
    if (!*is_set) {
        source_note_searched(query, "instance metadata (no answer from %.*s)",
                             utf8_cut(query->connection->imds_endpoint, 100),
                             query->connection->imds_endpoint);
        why_clear(why);
        return RES_OK;
    }
    if (res == RES_OK) res = get_role(query, header, role, why);
    if (res == RES_OK) res = get_keys(query, header, role, keys, why);
    OPENSSL_cleanse(header, sizeof header);
    if (res == RES_OK) source_set_name(query, "instance metadata, role %s", role);
    return res;
}
