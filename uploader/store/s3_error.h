/*
 * s3_error -- what an S3 server's refusal means to us, and what a person can do about it. Pure.
 */
#ifndef UPLOADER_STORE_S3_ERROR_H
#define UPLOADER_STORE_S3_ERROR_H

#include "uploader/http/http.h"
#include "uploader/http/region.h"
#include "uploader/store/store.h"

#define S3_CODE_SIZE   64
#define S3_WAIT_MAX_MS (5 * 60000) /* a server's Retry-After is believed up to here */

/* The text of the element `name` in an error document (Amazon S3 API Reference, "Error responses"); "" when absent. */
void s3_error_field(const struct http_answer *answer, const char *name, char *out, size_t size);

/* What was asked. All are borrowed. */
struct s3_target {
    const char *bucket, *key;
    const char *region; /* that the request was signed for */
    bool is_head;       /* so the answer has no body */
};

/* Sorts an answer that is neither 2xx, 412 nor a HEAD's 404. Fills `why` and its remedy. */
enum store_answer s3_error_sort(const struct http_answer *answer, const struct s3_target *target,
                                struct why *why);

/* Does the answer refuse because of the region, and name the right one? It is made of letters, digits and dashes. */
bool s3_error_region(const struct http_answer *answer, char region[REGION_SIZE]);

/*
 * How long the server wants to be left alone: its Retry-After, in seconds or as a date (RFC 9110, 10.2.3), at most
 * S3_WAIT_MAX_MS; 0: it does not say. `now_s` is the server's time, used if the answer has no Date.
 */
int64_t s3_error_wait_ms(const struct http_answer *answer, int64_t now_s);

#endif
