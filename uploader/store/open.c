/* open -- see open.h. */
#include "uploader/store/open.h"

#include "uploader/store/dir.h"

enum result store_open(struct store **store, const struct store_options *options, struct signals *signals,
                       const struct lockfile *lock, struct why *why)
{
    if (options->s3.server.bucket) return s3_open(store, &options->s3, signals, lock, why);
    *store = dir_open(options->directory);
    return RES_OK;
}
