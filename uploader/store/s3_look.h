/*
 * s3_look -- is an object in the bucket, and is it ours? HEAD, and GET if only the bytes can show whether they are ours.
 */
#ifndef UPLOADER_STORE_S3_LOOK_H
#define UPLOADER_STORE_S3_LOOK_H

#include "uploader/store/s3_client.h"
#include "uploader/store/store.h"

/*
 * As store_find(), but that an ETag in `stored` stays if no other one is seen. CONFLICT only if the server knows what
 * it does not have: one that shows an object under every key is no S3 server, which is NOT_NOW.
 */
enum store_answer s3_look(struct s3_client *client, const struct object *object, struct stored *stored,
                          struct why *why);

/* A key beside this one that nobody has ever used. */
void s3_look_unused_key(const char *key, char unused[BATCH_KEY_MAX + 1]);

/*
 * Takes over what an answer says of the server. Several may belong to one call: the last one says of the endpoint
 * whether it works, and one accepted signature is enough.
 */
void s3_look_note(struct stored *stored, const struct s3_answer *answer);

/* The answer contradicts what an S3 server would say; `what` is wrong with it. Returns NOT_NOW. */
enum store_answer s3_look_not_s3(struct stored *stored, const struct http_answer *answer, const char *what,
                                 struct why *why);

#endif
