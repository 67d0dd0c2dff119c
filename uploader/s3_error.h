/*
 * s3_error -- what an S3 server's refusal means to us, and what a person can do about it. Pure.
 */
#ifndef UPLOADER_S3_ERROR_H
#define UPLOADER_S3_ERROR_H

#include "uploader/http.h"
#include "uploader/store.h"

#define S3_CODE_SIZE 64

/* The text of the element `name` in an error document (Amazon S3 API Reference, "Error responses"); "" when absent. */
void s3_error_field(const struct http_answer *answer, const char *name, char *out, size_t size);

/*
 * Sorts an answer that is neither 2xx, 412 nor a HEAD's 404. `what` says what was tried, `target` names bucket and key.
 * Fills `why` and its remedy.
 */
enum store_answer s3_error_sort(const struct http_answer *answer, const char *bucket, const char *key,
                                struct why *why);

#endif
