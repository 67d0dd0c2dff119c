/*
 * sigv4 -- AWS Signature Version 4 in the Authorization header.
 *
 * Pure: the answer depends on the arguments alone; no clock, no environment, no I/O. Everything handed in is borrowed
 * for the call only. Values derived from the secret are wiped, and so is the canonical request, for which sigv4_sign()
 * takes memory as long as it is.
 *
 * A signature holds only for a request that goes out exactly as described here: the caller sends the same path and
 * query untouched (curl: CURLOPT_PATH_AS_IS), all of these headers, and no other x-amz-* header.
 *
 * What is wrong by our own mistake (no host header, a date that differs from the signed instant, 33 headers) is an
 * assertion. What can come from a setting or a peer (lengths, control characters) makes a call return false; its
 * output is then "".
 *
 * The rules: AWS IAM User Guide, "Create a signed AWS API request"; where S3 differs, Amazon S3 API Reference,
 * "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk": S3 takes the path as
 * it is, without tidying dots and slashes and without encoding it a second time.
 */
#ifndef UPLOADER_HTTP_SIGV4_H
#define UPLOADER_HTTP_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGV4_HEADERS_MAX         32
#define SIGV4_PARAMETERS_MAX      32 /* in one query */
#define SIGV4_SECRET_MAX          512
#define SIGV4_CANONICAL_SIZE      98304 /* a session token of 64 KB, and 32 KB for all the rest */
#define SIGV4_STRING_TO_SIGN_SIZE 512
#define SIGV4_AUTHORIZATION_SIZE  4096
#define SIGV4_TIMESTAMP_SIZE      17 /* each size counts the closing NUL */
#define SIGV4_HEX_SHA256_SIZE     65

struct sigv4_header {
    const char *name;  /* in any letter case */
    const char *value; /* signed without the spaces around it; a run of spaces inside counts as one */
};

struct sigv4_keys {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; /* NULL: none. Else it must be among the headers: x-amz-security-token */
};

struct sigv4_request {
    const char *method;
    const char *path;  /* begins with '/'; percent-encoded, as it goes over the wire */
    const char *query; /* the same; without '?', "" for none; a '/' inside a value is encoded too */
    const struct sigv4_header *headers; /* all are signed, in any order; values of one name in their order */
    size_t header_count;                /* up to SIGV4_HEADERS_MAX, with host and x-amz-date among them */
    const char *payload_sha256;         /* 64 small hex digits, or UNSIGNED-PAYLOAD */
    const char *region, *service;
    int64_t at_s; /* seconds since 1970: the instant of the x-amz-date header */
};

/*
 * The value of the Authorization header. It holds no secret.
 *   false   the canonical request, the secret or the answer outgrows its size above, or there is a control character in
 *           a header's value, the path, the access key id, the region or the service
 */
bool sigv4_sign(const struct sigv4_request *request, const struct sigv4_keys *keys,
                char out[SIGV4_AUTHORIZATION_SIZE]) __attribute__((warn_unused_result));

/*
 * The two texts on the way to the signature. S3 repeats its own versions of both in a SignatureDoesNotMatch answer.
 * The canonical request may hold the session token: it never goes into a log, and whoever asks for it wipes it. False
 * also if it outgrows `size` bytes.
 */
bool sigv4_canonical_request(const struct sigv4_request *request, char *out, size_t size)
    __attribute__((warn_unused_result));
bool sigv4_string_to_sign(const struct sigv4_request *request, const char *canonical_request,
                          char out[SIGV4_STRING_TO_SIGN_SIZE]) __attribute__((warn_unused_result));

/*
 * A key as it stands in a path: every byte but A-Z a-z 0-9 - . _ ~ and / becomes %XX (RFC 3986, capital digits). The
 * key's text is not checked, and nothing is put before it. False: it does not fit into `size` bytes (at least 1), NUL
 * included.
 */
bool sigv4_encode_path(const char *key, char *out, size_t size) __attribute__((warn_unused_result));

/* 20310504T101112Z, for any instant of the years 1 to 9999: more than the Date header of a server can say. */
void sigv4_timestamp(int64_t at_s, char out[SIGV4_TIMESTAMP_SIZE]);

void sigv4_hex_sha256(const void *data, size_t size, char out[SIGV4_HEX_SHA256_SIZE]);

#endif
