/*
 * place -- the names of destinations, and when two of them are the same place.
 *
 * By spelling only, never by DNS: a wrong "same" would ship rows twice, a wrong "different" asks a person. Letter case of
 * a host, a scheme's own port, a final slash, localhost and 127.0.0.1 and [::1], an endpoint of AWS that is given or
 * implied, and the real path of a directory that exists make no difference.
 *
 *   s3://bucket          AWS
 *   s3://bucket@aws-cn   another partition of AWS (partition.h), which has buckets of its own
 *   s3://bucket@host     another endpoint, with its port if that is not its scheme's own
 *   file:///directory
 */
#ifndef UPLOADER_STORE_PLACE_H
#define UPLOADER_STORE_PLACE_H

#include <stdbool.h>

#include "uploader/batch/batch.h"

/* The normal form of a bucket's name. `endpoint` is a URL, http or https; "": AWS's in the region. */
void place_name_bucket(const char *bucket, const char *endpoint, const char *region,
                       char destination[BATCH_DESTINATION_MAX]);

/* The normal form of a directory's name, which need not exist. */
void place_name_directory(const char *directory, char destination[BATCH_DESTINATION_MAX]);

/* The path of a directory's name, borrowed from it; NULL: it is a bucket. */
const char *place_directory(const char *destination);

/* Are two destinations the same place? They are of the forms above, normal or as earlier versions have written them. */
bool place_is_same(const char *a, const char *b);

#endif
