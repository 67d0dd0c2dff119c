/* hash -- see hash.h. */
#include "uploader/hash.h"

#include "common/digest.h"

void hash_rendition(const struct buf *body, struct rendition *rendition)
{
    digest_sha256(rendition->sha256, body->data, body->len);
    digest_md5(rendition->md5, body->data, body->len);
    rendition->bytes = (int64_t)body->len;
}
