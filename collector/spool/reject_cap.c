/* reject_cap -- see reject_cap.h. */
#include "collector/spool/reject_cap.h"

#include <assert.h>
#include <stdio.h>

#include "common/digest.h"
#include "common/utf8.h"

#define DETAIL_MAX 700 /* bytes of the original detail that are kept */

void reject_cap(struct capped_reject *capped, const struct reject *reject)
{
    char sha256[DIGEST_SHA256_SIZE];
    char hashed[48] = ""; /* says what the checksum covers, if the framer has cut the payload before */
    assert(reject->payload.len > REJECT_CAP_BYTES);
    capped->reject = *reject;
    capped->reject.payload.len = REJECT_CAP_BYTES;
    digest_sha256(sha256, reject->payload.data, reject->payload.len);
    if (reject->bytes > reject->payload.len)
        (void)snprintf(hashed, sizeof hashed, " of the first %zu bytes", reject->payload.len);
    size_t detail = reject->detail.len < DETAIL_MAX ? reject->detail.len : DETAIL_MAX;
    detail = utf8_valid_len(reject->detail.data, detail);
    int len =
        snprintf(capped->text, sizeof capped->text, "%.*s; only the first %d bytes are kept, SHA-256%s %s",
                 (int)detail, reject->detail.data, REJECT_CAP_BYTES, hashed, sha256);
    capped->reject.detail = (struct slice){capped->text, (size_t)len};
}
