/*
 * sigv4 -- see sigv4.h.
 *
 * The way to a signature: the canonical request is the request in one agreed spelling; its hash goes into the string to
 * sign, beside the instant and the scope; that string is signed with a key derived from the secret and the scope. Texts
 * grow in buffers of a fixed size; an overflow is remembered, and checked once, at the end.
 */
#include "uploader/http/sigv4.h"

#include <assert.h>
#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALGORITHM   "AWS4-HMAC-SHA256"
#define UNRESERVED  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
#define HEX_DIGITS  "0123456789abcdef"
#define SHA256_SIZE 32
#define DAY_S       86400

struct text {
    char *to; /* the caller's */
    size_t size;
    size_t length; /* may pass size: then it is too long */
};

static __attribute__((format(printf, 2, 3))) void add(struct text *text, const char *format, ...)
{
    if (text->length >= text->size) return;

    va_list values;
    va_start(values, format);
    int added = vsnprintf(text->to + text->length, text->size - text->length, format, values);
    va_end(values);
    assert(added >= 0);
    text->length += (size_t)added;
}

/* Text from elsewhere. A line break in it would let a value pass for a header of its own. */
static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text)) return true;
    return false;
}

/* These calls of libcrypto can fail only for lack of memory, or if its installation is damaged. */
static void must_work(bool worked)
{
    if (worked) return;
    fputs("sigv4: libcrypto cannot do SHA-256\n", stderr);
    ERR_print_errors_fp(stderr);
    abort();
}

static void write_hex(const unsigned char digest[SHA256_SIZE], char out[SIGV4_HEX_SHA256_SIZE])
{
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        out[2 * i] = HEX_DIGITS[digest[i] >> 4];
        out[2 * i + 1] = HEX_DIGITS[digest[i] & 15];
    }
    out[2 * SHA256_SIZE] = '\0';
}

void sigv4_hex_sha256(const void *data, size_t size, char out[SIGV4_HEX_SHA256_SIZE])
{
    unsigned char digest[SHA256_SIZE];

    must_work(EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL) == 1);
    write_hex(digest, out);
}

/*
 * Not gmtime_r(): it reads TZ, and under TZ=right/UTC its answer is off by the leap seconds. Here the year begins in
 * March, so that the leap day is its last, and 400 years always have the same number of days.
 */
void sigv4_timestamp(int64_t at_s, char out[SIGV4_TIMESTAMP_SIZE])
{
    assert(at_s >= INT64_C(-62135596800) && at_s <= INT64_C(253402300799)); /* the years 1 to 9999 */

    int64_t since_s = at_s + INT64_C(719468) * DAY_S; /* since 1 March of the year 0 */
    int time_s = (int)(since_s % DAY_S);
    int cycle = (int)(since_s / DAY_S / 146097); /* of 400 years */
    int day = (int)(since_s / DAY_S % 146097);   /* of the cycle */
    int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100; /* of the year */
    int month = (5 * day + 2) / 153;           /* 0 is March */
    day -= (153 * month + 2) / 5;              /* of the month, from 0 */

    struct text text = {.to = out, .size = SIGV4_TIMESTAMP_SIZE};
    add(&text, "%04d%02d%02dT", cycle * 400 + year + (month >= 10), month < 10 ? month + 3 : month - 9,
        day + 1);
    add(&text, "%02d%02d%02dZ", time_s / 3600, time_s / 60 % 60, time_s % 60);
}

bool sigv4_encode_path(const char *key, char *out, size_t size)
{
    struct text text = {.to = out, .size = size};

    assert(size > 0);
    out[0] = '\0';
    for (; *key != '\0'; key++)
        add(&text, strchr(UNRESERVED "/", *key) != NULL ? "%c" : "%%%02X", (unsigned char)*key);
    if (text.length >= size) out[0] = '\0';
    return text.length < size;
}

struct parameter {
    const char *name, *value; /* inside the query */
    size_t name_length, value_length;
};

static int compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* The name first, then the value: "a=1" against "a-b=1" as a whole would put a-b before a. */
static int by_name_and_value(const void *left, const void *right)
{
    const struct parameter *a = left, *b = right;
    int order = compare_bytes(a->name, a->name_length, b->name, b->name_length);
    return order != 0 ? order : compare_bytes(a->value, a->value_length, b->value, b->value_length);
}

static void add_query(struct text *text, const char *query)
{
    struct parameter parameters[SIGV4_PARAMETERS_MAX];
    size_t count = 0;

    assert(query[strspn(query, UNRESERVED "%&=")] == '\0'); /* the server signs all others encoded */
    while (*query != '\0') {
        assert(count < SIGV4_PARAMETERS_MAX);
        size_t length = strcspn(query, "&"), name_length = strcspn(query, "&=");
        size_t value_at = name_length < length ? name_length + 1 : length;
        assert(name_length > 0 && memchr(query + value_at, '=', length - value_at) == NULL);
        parameters[count++] = (struct parameter){query, query + value_at, name_length, length - value_at};
        query += length;
        query += *query == '&';
    }
    qsort(parameters, count, sizeof *parameters, by_name_and_value);
    for (size_t i = 0; i < count; i++) {
        const struct parameter *p = &parameters[i]; /* ?lifecycle is signed as lifecycle= */
        add(text, "%s%.*s=%.*s", i > 0 ? "&" : "", (int)p->name_length, p->name, (int)p->value_length,
            p->value);
    }
}

/* The name alone decides, never "name:value": my-header comes before my-header1, though ':' comes after '1'. */
static int by_name(const void *left, const void *right)
{
    const struct sigv4_header *a = *(const struct sigv4_header *const *)left;
    const struct sigv4_header *b = *(const struct sigv4_header *const *)right;
    int order = strcasecmp(a->name, b->name);
    return order != 0 ? order : (a > b) - (a < b); /* a repeated name: in the given order */
}

static void add_name(struct text *text, const char *name)
{
    assert(*name != '\0' && name[strcspn(name, " :;,")] == '\0' && !has_control(name));
    for (; *name != '\0'; name++) add(text, "%c", tolower((unsigned char)*name));
}

static void add_value(struct text *text, const char *value)
{
    const char *word = value + strspn(value, " ");

    while (*word != '\0') {
        size_t length = strcspn(word, " ");
        const char *next = word + length + strspn(word + length, " ");
        add(text, "%.*s%s", (int)length, word, *next != '\0' ? " " : "");
        word = next;
    }
}

/* The lines of the headers, the empty line that closes them, and the line of their names. */
static void add_headers(struct text *text, const struct sigv4_header *headers, size_t count)
{
    const struct sigv4_header *sorted[SIGV4_HEADERS_MAX];
    bool is_repeated[SIGV4_HEADERS_MAX] = {false};

    for (size_t i = 0; i < count; i++) sorted[i] = &headers[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count; i++) {
        is_repeated[i] = i > 0 && strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0;
        if (!is_repeated[i]) {
            if (i > 0) add(text, "\n");
            add_name(text, sorted[i]->name);
        }
        add(text, is_repeated[i] ? "," : ":");
        add_value(text, sorted[i]->value);
    }
    add(text, "\n\n");
    for (size_t i = 0; i < count; i++) {
        if (is_repeated[i]) continue;
        if (i > 0) add(text, ";");
        add_name(text, sorted[i]->name);
    }
    add(text, "\n");
}

static const char *find_header(const struct sigv4_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0) return request->headers[i].value;
    return NULL;
}

static void assert_consistent(const struct sigv4_request *request)
{
    const char *hash = request->payload_sha256;
    const char *date = find_header(request, "x-amz-date");
    const char *sent_hash = find_header(request, "x-amz-content-sha256");
    char timestamp[SIGV4_TIMESTAMP_SIZE];

    sigv4_timestamp(request->at_s, timestamp);
    assert(request->header_count <= SIGV4_HEADERS_MAX && request->path[0] == '/');
    assert(find_header(request, "host") != NULL && date != NULL && strcmp(date, timestamp) == 0);
    assert(strcmp(hash, "UNSIGNED-PAYLOAD") == 0 || (strlen(hash) == 64 && strspn(hash, HEX_DIGITS) == 64));
    assert(sent_hash == NULL || strcmp(sent_hash, hash) == 0);
}

bool sigv4_canonical_request(const struct sigv4_request *request, char *out, size_t size)
{
    struct text text = {.to = out, .size = size};
    bool is_clean = !has_control(request->path);

    assert_consistent(request);
    for (size_t i = 0; i < request->header_count; i++)
        is_clean = is_clean && !has_control(request->headers[i].value);
    add(&text, "%s\n%s\n", request->method, request->path);
    add_query(&text, request->query);
    add(&text, "\n");
    add_headers(&text, request->headers, request->header_count);
    add(&text, "%s", request->payload_sha256);

    if (is_clean && text.length < text.size) return true;
    OPENSSL_cleanse(out, size);
    return false;
}

bool sigv4_string_to_sign(const struct sigv4_request *request, const char *canonical_request,
                          char out[SIGV4_STRING_TO_SIGN_SIZE])
{
    struct text text = {.to = out, .size = SIGV4_STRING_TO_SIGN_SIZE};
    char timestamp[SIGV4_TIMESTAMP_SIZE], hash[SIGV4_HEX_SHA256_SIZE];

    sigv4_timestamp(request->at_s, timestamp);
    sigv4_hex_sha256(canonical_request, strlen(canonical_request), hash);
    add(&text, ALGORITHM "\n%s\n", timestamp);
    add(&text, "%.8s/%s/%s/aws4_request\n%s", timestamp, request->region, request->service, hash);

    if (!has_control(request->region) && !has_control(request->service) && text.length < text.size)
        return true;
    out[0] = '\0';
    return false;
}

/* A chain: each step is signed with the outcome of the one before it, and the last outcome is the signature. */
static bool sign_string(const struct sigv4_request *request, const char *secret, const char *string_to_sign,
                        char signature[SIGV4_HEX_SHA256_SIZE])
{
    unsigned char key[4 + SIGV4_SECRET_MAX] = {'A', 'W', 'S', '4'}, outcome[SHA256_SIZE];
    size_t key_length = 4 + strlen(secret);
    char date[SIGV4_TIMESTAMP_SIZE];

    if (key_length > sizeof key) return false;
    memcpy(key + 4, secret, key_length - 4);
    sigv4_timestamp(request->at_s, date);
    date[8] = '\0';

    const char *const steps[] = {date, request->region, request->service, "aws4_request", string_to_sign};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const unsigned char *step = (const unsigned char *)steps[i];
        must_work(HMAC(EVP_sha256(), key, (int)key_length, step, strlen(steps[i]), outcome, NULL) != NULL);
        memcpy(key, outcome, sizeof outcome);
        key_length = sizeof outcome;
    }
    write_hex(outcome, signature);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(outcome, sizeof outcome);
    return true;
}

/* What a canonical request takes at most, with its NUL: names stand in it twice, and a parameter may get a '='. */
static size_t canonical_size(const struct sigv4_request *request)
{
    size_t size = strlen(request->method) + strlen(request->path) + strlen(request->query) +
                  SIGV4_PARAMETERS_MAX + strlen(request->payload_sha256) + 8;
    for (size_t i = 0; i < request->header_count; i++)
        size += 2 * strlen(request->headers[i].name) + strlen(request->headers[i].value) + 3;
    return size < SIGV4_CANONICAL_SIZE ? size : SIGV4_CANONICAL_SIZE;
}

bool sigv4_sign(const struct sigv4_request *request, const struct sigv4_keys *keys,
                char out[SIGV4_AUTHORIZATION_SIZE])
{
    struct text text = {.to = out, .size = SIGV4_AUTHORIZATION_SIZE};
    char string_to_sign[SIGV4_STRING_TO_SIGN_SIZE];
    size_t size = canonical_size(request);
    char *canonical = malloc(size);
    char timestamp[SIGV4_TIMESTAMP_SIZE], signature[SIGV4_HEX_SHA256_SIZE];
    const char *token = find_header(request, "x-amz-security-token");

    assert(keys->session_token == NULL || (token != NULL && strcmp(token, keys->session_token) == 0));
    if (canonical == NULL) abort();
    bool is_signed = sigv4_canonical_request(request, canonical, size) &&
                     sigv4_string_to_sign(request, canonical, string_to_sign) &&
                     sign_string(request, keys->secret_access_key, string_to_sign, signature);
    if (is_signed) {
        *strrchr(canonical, '\n') = '\0'; /* the line above the last names the signed headers */
        sigv4_timestamp(request->at_s, timestamp);
        add(&text, ALGORITHM " Credential=%s/%.8s/%s/%s/aws4_request", keys->access_key_id, timestamp,
            request->region, request->service);
        add(&text, ", SignedHeaders=%s, Signature=%s", strrchr(canonical, '\n') + 1, signature);
        is_signed = !has_control(keys->access_key_id) && text.length < text.size;
    }
    if (!is_signed) out[0] = '\0';
    OPENSSL_cleanse(canonical, size); /* it may hold the session token */
    free(canonical);
    return is_signed;
}
