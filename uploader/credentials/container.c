/*
 * container -- keys from the container endpoint: ECS tasks (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI), EKS Pod
 * Identity and others (AWS_CONTAINER_CREDENTIALS_FULL_URI).
 *
 * AWS, "Container credential provider": the relative URI wins, and is one of the server 169.254.170.2; a full one is
 * https, or http to a loopback address or to one of the three link-local addresses of ECS and EKS, so that the token
 * goes nowhere else. The token file is read anew each time. No proxy is used.
 */
#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "uploader/credentials/secret.h"
#include "uploader/credentials/sources.h"
#include "uploader/http/url.h"

#define ECS_ADDRESS "169.254.170.2"
#define URL_SIZE    2100
#define TOKEN_SIZE  8192

/* The host of a URL, without port and brackets. */
static void host_of(const char *url, char host[256])
{
    const char *from = strstr(url, "://") + 3;
    size_t len = strcspn(from, "/?#");
    const char *end = from + len;
    if (*from == '[') {
        from++;
        end = memchr(from, ']', len - 1);
        if (!end) end = from;
    } else if (memchr(from, ':', len)) {
        end = memchr(from, ':', len);
    }
    (void)snprintf(host, 256, "%.*s", (int)(end - from), from);
}

static bool is_local(const char *host)
{
    static const char *const known[] = {ECS_ADDRESS, "169.254.170.23", "fd00:ec2::23", "::1", "localhost"};
    struct in_addr address;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(host, known[i]) == 0) return true;
    return inet_pton(AF_INET, host, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

static enum result find_url(const struct container_options *options, char url[URL_SIZE], struct why *why)
{
    char host[256];
    char shown[200];
    if (options->relative_uri) {
        (void)snprintf(url, URL_SIZE, "http://" ECS_ADDRESS "%s%s", *options->relative_uri == '/' ? "" : "/",
                       options->relative_uri);
        return RES_OK;
    }
    (void)snprintf(url, URL_SIZE, "%s", options->full_uri);
    bool is_https = strncmp(url, "https://", 8) == 0;
    bool is_url = is_https || strncmp(url, "http://", 7) == 0;
    if (is_url) host_of(url, host);
    if (is_url && !strchr(url, '@') && (is_https || is_local(host))) return RES_OK;
    url_mask(url, shown, sizeof shown);
    (void)why_remedy(why, RES_REFUSE, "correct AWS_CONTAINER_CREDENTIALS_FULL_URI");
    return why_set(why, RES_REFUSE,
                   "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s: expected https://, or http:// with a loopback "
                   "address, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]",
                   shown);
}

/* "Authorization: token", or "" if there is none. The file wins over the variable, as AWS says. */
static enum result find_token(char header[TOKEN_SIZE], struct why *why)
{
    static const char name[] = "Authorization: ";
    char *token = header + sizeof name - 1;
    size_t size = TOKEN_SIZE - (sizeof name - 1);
    const char *file = config_env(environ, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *value = config_env(environ, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    enum result res = RES_OK;
    memcpy(header, name, sizeof name);
    if (file && *file)
        res = secret_read_text(file, token, size, why);
    else if (value && *value && strlen(value) < size)
        memcpy(token, value, strlen(value) + 1);
    else
        header[0] = '\0';
    if (res == RES_OK && strpbrk(header, "\r\n"))
        res = why_set(why, RES_RETRY, "the container authorization token has more than one line");
    if (res != RES_OK)
        (void)why_remedy(why, res,
                         "see that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file that can be read");
    return res;
}

static enum result read_answer(const struct http_answer *answer, struct keys *keys, struct why *why)
{
    if (answer->status >= 500 || answer->status == 429)
        return why_set(why, RES_RETRY, "HTTP %ld", answer->status);
    enum result res = answer->status == 200 ? keys_parse_json(keys, &answer->body, "Token", why)
                                            : why_set(why, RES_RETRY, "HTTP %ld", answer->status);
    if (res == RES_OK) return res;
    (void)why_remedy(why, RES_RETRY,
                     "see that the task or pod has a role (ECS task role, EKS Pod Identity association) and "
                     "that its token is valid");
    return RES_RETRY;
}

enum result container_get_keys(struct source_query *query, struct keys *keys, bool *is_set, struct why *why)
{
    const struct container_options *options = &query->options->container;
    char url[URL_SIZE];
    char shown[URL_SIZE];
    char header[TOKEN_SIZE];
    struct http_answer answer;
    *is_set = options->relative_uri || options->full_uri;
    if (!*is_set) {
        source_note_searched(query, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI (not set)");
        return RES_OK;
    }
    source_set_name(query, "the container's endpoint");
    enum result res = find_url(options, url, why);
    if (res == RES_OK) res = find_token(header, why);
    if (res != RES_OK) return res;
    const char *headers[] = {"Accept: application/json", *header ? header : NULL, NULL};
    struct http_request request = {.method = HTTP_GET,
                                   .url = url,
                                   .headers = headers,
                                   .timeout_ms = SOURCE_LOCAL_TIMEOUT_MS,
                                   .is_direct = true};
    bool is_answered = http_do(query->http, &request, &answer, why) == HTTP_ANSWERED;
    res = is_answered ? read_answer(&answer, keys, why) : RES_RETRY;
    url_mask(url, shown, sizeof shown);
    if (res != RES_OK) (void)why_wrap(why, res, "%s", shown);
    OPENSSL_cleanse(header, sizeof header);
    http_answer_fini(&answer);
    return res;
}
