/*
 * s3_error -- what an S3 server's refusal means to us, and what a person can do about it. Pure.
 */
#ifndef UPLOADER_STORE_S3_ERROR_H
#define UPLOADER_STORE_S3_ERROR_H

#include "uploader/http/http.h"
#include "uploader/http/region.h"
#include "uploader/store/store.h"

#define S3_CODE_SIZE   CAUSE_CODE_SIZE
#define S3_WAIT_MAX_MS (5 * 60000) /* a server's Retry-After is believed up to here */

/* The text of the element `name` in an error document (Amazon S3 API Reference, "Error responses"); "" when absent. */
void s3_error_field(const struct http_answer *answer, const char *name, char *out, size_t size);

/* What was asked. All are borrowed. */
struct s3_target {
    const char *bucket, *key;
    const char *region; /* that the request was signed for */
    enum http_method method;
};

/* What a refusal means; the fields are those of struct stored. */
struct s3_refusal {
    enum store_answer answer;
    struct cause cause;
    bool is_from_store;
    bool is_authentic;
};

/*
 * Sorts an answer that is neither 200, a PUT's other 2xx or 412, nor a HEAD's or GET's 404. Fills `why` and its remedy.
 * That a HEAD or GET is refused says little about a PUT: such a refusal is CANNOT_CHECK.
 */
struct s3_refusal s3_error_sort(const struct http_answer *answer, const struct s3_target *target,
                                struct why *why);

/*
 * An answer that contradicts what an S3 server would say; `what` is wrong with it. It is NOT_NOW, and the endpoint's
 * trouble: something on the way answers for the store.
 */
struct s3_refusal s3_error_not_s3(const struct http_answer *answer, const char *what, struct why *why);

/*
 * May a PUT have been refused only because it carries If-None-Match? So may be any refusal with 400, 403, 405 or 501
 * that does not surely have another cause.
 */
bool s3_error_may_be_condition(const struct cause *cause);

/* Does the answer refuse because of the region, and name the right one? It is made of letters, digits and dashes. */
bool s3_error_region(const struct http_answer *answer, char region[REGION_SIZE]);

/*
 * How long the server wants to be left alone: its Retry-After, in seconds or as a date (RFC 9110, 10.2.3), at most
 * S3_WAIT_MAX_MS; 0: it does not say. `now_s` is the server's time, used if the answer has no Date.
 */
int64_t s3_error_wait_ms(const struct http_answer *answer, int64_t now_s);

#endif
