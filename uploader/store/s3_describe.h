/*
 * s3_describe -- what `uploader check` shows of a bucket beyond its proof: the server, the region, the keys, and what is
 * asked for each object, each with where it comes from.
 */
#ifndef UPLOADER_STORE_S3_DESCRIBE_H
#define UPLOADER_STORE_S3_DESCRIBE_H

#include "uploader/store/s3_client.h"
#include "uploader/store/store.h"

/* As store_describe(). */
void s3_describe(const struct s3_client *client, struct store_facts *facts);

#endif
