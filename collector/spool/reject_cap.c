/* reject_cap -- see reject_cap.h. */
#include "collector/spool/reject_cap.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/utf8.h"

#define DETAIL_MAX 700 /* bytes of the original detail that are kept */

/* What a row keeps of its first reject, and the checksum of all. */
struct joined_key {
    char *source;
    size_t source_len;
    enum reject_reason reason;
    int64_t received_at; /* of the first reject; ms since 1970 */
    char *detail;
    size_t detail_len, kept; /* bytes of the first detail, and of the first payload */
    struct digest *digest;
    uint64_t hashed; /* bytes; less than were received if the framer has cut a payload */
};

struct reject_cap {
    struct joined_reject rows[REJECT_CAP_ROWS];
    size_t count;
};

static size_t kept_of(const struct reject *reject)
{
    return reject->payload.len < REJECT_CAP_BYTES ? reject->payload.len : REJECT_CAP_BYTES;
}

static size_t kept_detail(struct slice detail)
{
    return utf8_valid_len(detail.data, detail.len < DETAIL_MAX ? detail.len : DETAIL_MAX);
}

void reject_cap(struct capped_reject *capped, const struct reject *reject)
{
    char sha256[DIGEST_SHA256_SIZE];
    char hashed[48] = ""; /* says what the checksum covers, if the framer has cut the payload before */
    capped->reject = *reject;
    capped->reject.payload.len = kept_of(reject);
    if (capped->reject.payload.len == reject->payload.len) return;
    digest_sha256(sha256, reject->payload.data, reject->payload.len);
    if (reject->bytes > reject->payload.len)
        (void)snprintf(hashed, sizeof hashed, " of the first %zu bytes", reject->payload.len);
    int len =
        snprintf(capped->text, sizeof capped->text, "%.*s; only the first %d bytes are kept, SHA-256%s %s",
                 (int)kept_detail(reject->detail), reject->detail.data, REJECT_CAP_BYTES, hashed, sha256);
    capped->reject.detail = (struct slice){capped->text, (size_t)len};
}

/* ---- one row for several rejects ---- */

struct reject_cap *reject_cap_new(void)
{
    struct reject_cap *cap = calloc(1, sizeof *cap);
    if (!cap) abort();
    return cap;
}

void reject_cap_free(struct reject_cap *cap)
{
    if (cap) reject_cap_forget_all(cap);
    free(cap);
}

void reject_cap_forget(struct reject_cap *cap, struct joined_reject *row)
{
    free(row->key->source);
    free(row->key->detail);
    digest_free(row->key->digest);
    free(row->key);
    *row = cap->rows[--cap->count];
}

void reject_cap_forget_all(struct reject_cap *cap)
{
    while (cap->count > 0) reject_cap_forget(cap, &cap->rows[cap->count - 1]);
}

static bool is_of(const struct joined_key *key, const struct reject *reject)
{
    return key->reason == reject->reason && key->source_len == reject->source.len &&
           memcmp(key->source, reject->source.data, key->source_len) == 0;
}

struct joined_reject *reject_cap_find(struct reject_cap *cap, const struct reject *reject)
{
    size_t i = 0;
    while (i < cap->count && !is_of(cap->rows[i].key, reject)) i++;
    if (i == cap->count) return NULL;
    struct joined_reject *row = &cap->rows[i];
    int64_t age_ms = reject->received_at - row->key->received_at; /* negative: the clock was set back */
    bool is_old = age_ms >= REJECT_CAP_MS || age_ms <= -REJECT_CAP_MS;
    if (!is_old || row->is_changed) return row; /* what has been joined must be written first */
    reject_cap_forget(cap, row);
    return NULL;
}

struct joined_reject *reject_cap_row(struct reject_cap *cap, size_t i)
{
    return i < cap->count ? &cap->rows[i] : NULL;
}

bool reject_cap_is_full(const struct reject_cap *cap)
{
    return cap->count == REJECT_CAP_ROWS;
}

static char *copy_of(struct slice bytes)
{
    char *copy = malloc(bytes.len + 1);
    if (!copy) abort();
    if (bytes.len > 0) memcpy(copy, bytes.data, bytes.len);
    copy[bytes.len] = '\0';
    return copy;
}

static void add(struct joined_reject *row, const struct reject *reject)
{
    row->count++;
    row->bytes += reject->bytes;
    row->key->hashed += reject->payload.len;
    digest_add(row->key->digest, reject->payload.data, reject->payload.len);
}

void reject_cap_begin(struct reject_cap *cap, const struct reject *reject, int64_t id)
{
    struct joined_key *key = calloc(1, sizeof *key);
    if (!key) abort();
    assert(!reject_cap_is_full(cap));
    key->source = copy_of(reject->source);
    key->source_len = reject->source.len;
    key->reason = reject->reason;
    key->received_at = reject->received_at;
    key->detail_len = kept_detail(reject->detail);
    key->detail = copy_of((struct slice){reject->detail.data, key->detail_len});
    key->kept = kept_of(reject);
    key->digest = digest_new();
    struct joined_reject *row = &cap->rows[cap->count++];
    *row = (struct joined_reject){.id = id, .is_checked = true, .key = key};
    add(row, reject);
}

void reject_cap_join(struct joined_reject *row, const struct reject *reject)
{
    add(row, reject);
    row->is_changed = true;
}

struct slice reject_cap_detail(const struct joined_reject *row, char text[REJECT_CAP_DETAIL_SIZE])
{
    const struct joined_key *key = row->key;
    char sha256[DIGEST_SHA256_SIZE];
    char hashed[48] = "all their bytes";
    digest_read(key->digest, sha256);
    if (row->bytes > key->hashed)
        (void)snprintf(hashed, sizeof hashed, "%" PRIu64 " bytes of them", key->hashed);
    int len = snprintf(text, REJECT_CAP_DETAIL_SIZE,
                       "%.*s; above REJECTS_MAX_SIZE this row stands for %" PRIu64
                       " rejects, only the first %zu bytes of the first one are kept, SHA-256 of %s %s",
                       (int)key->detail_len, key->detail, row->count, key->kept, hashed, sha256);
    return (struct slice){text, (size_t)len};
}

/* ---- the problem ---- */

int64_t reject_cap_bytes(int64_t max_bytes, int64_t spool_max_bytes)
{
    int64_t most = spool_max_bytes / 2;
    if (most == 0) return max_bytes;
    return max_bytes == 0 || most < max_bytes ? most : max_bytes;
}

bool reject_cap_holds(bool was_present, bool has_capped, int64_t bytes, int64_t max_bytes)
{
    if (max_bytes == 0) return false;
    return has_capped || (was_present && bytes >= max_bytes - max_bytes / 16);
}
