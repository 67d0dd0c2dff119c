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
#define SEVERAL    "several addresses"

/* What a row keeps of its first reject, and the checksum of all. */
struct joined_key {
    struct address_key address;
    bool is_shared;   /* it takes rejects of all addresses */
    bool has_several; /* it has taken some of another address than the first one's */
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
    struct joined_reject rows[REJECT_CAP_PLACES];
    size_t count;
    size_t own_count; /* of one sender */
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
    if (!row->key->is_shared) cap->own_count--;
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

static struct address_key key_of(struct slice source)
{
    char text[ADDRESS_NETWORK_SIZE] = "";
    if (source.len > 0) memcpy(text, source.data, source.len < sizeof text ? source.len : sizeof text - 1);
    return address_key(text);
}

static bool is_full(const struct reject_cap *cap)
{
    return cap->own_count == REJECT_CAP_ROWS;
}

/* What has been joined to a row must be written before it ends. */
static bool is_over(const struct joined_reject *row, int64_t now)
{
    int64_t age_ms = now - row->key->received_at; /* negative: the clock was set back */
    return !row->is_changed && (age_ms >= REJECT_CAP_MS || age_ms <= -REJECT_CAP_MS);
}

static void forget_over(struct reject_cap *cap, int64_t now)
{
    for (size_t i = cap->count; i-- > 0;)
        if (is_over(&cap->rows[i], now)) reject_cap_forget(cap, &cap->rows[i]);
}

/* The row of this address; NULL: the one that all share. */
static struct joined_reject *find(struct reject_cap *cap, const struct reject *reject,
                                  const struct address_key *address)
{
    for (size_t i = 0; i < cap->count; i++) {
        const struct joined_key *key = cap->rows[i].key;
        if (key->reason != reject->reason || key->is_shared != !address) continue;
        if (!address || address_keys_are_equal(&key->address, address)) return &cap->rows[i];
    }
    return NULL;
}

struct joined_reject *reject_cap_find(struct reject_cap *cap, const struct reject *reject)
{
    struct address_key address = key_of(reject->source);
    struct joined_reject *row = find(cap, reject, &address);
    if (!row && is_full(cap)) {
        forget_over(cap, reject->received_at);
        if (is_full(cap)) row = find(cap, reject, NULL);
    }
    if (!row || !is_over(row, reject->received_at)) return row;
    reject_cap_forget(cap, row);
    return NULL;
}

struct joined_reject *reject_cap_row(struct reject_cap *cap, size_t i)
{
    return i < cap->count ? &cap->rows[i] : NULL;
}

static char *copy_of(struct slice bytes)
{
    char *copy = malloc(bytes.len + 1);
    if (!copy) abort();
    if (bytes.len > 0) memcpy(copy, bytes.data, bytes.len);
    copy[bytes.len] = '\0';
    return copy;
}

static bool is_from(const struct joined_key *key, const struct reject *reject)
{
    return key->source_len == reject->source.len &&
           (key->source_len == 0 || memcmp(key->source, reject->source.data, key->source_len) == 0);
}

static void add(struct joined_reject *row, const struct reject *reject)
{
    row->count++;
    row->bytes += reject->bytes;
    row->key->hashed += reject->payload.len;
    row->key->has_several |= !is_from(row->key, reject);
    digest_add(row->key->digest, reject->payload.data, reject->payload.len);
}

void reject_cap_begin(struct reject_cap *cap, const struct reject *reject, int64_t id)
{
    struct joined_key *key = calloc(1, sizeof *key);
    if (!key) abort();
    assert(cap->count < REJECT_CAP_PLACES);
    key->address = key_of(reject->source);
    key->is_shared = is_full(cap);
    if (!key->is_shared) cap->own_count++;
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
    char from[128] = "";
    char hashed[48] = "all their bytes";
    digest_read(key->digest, sha256);
    if (row->bytes > key->hashed)
        (void)snprintf(hashed, sizeof hashed, "%" PRIu64 " bytes of them", key->hashed);
    if (key->has_several)
        (void)snprintf(from, sizeof from, " of " SEVERAL ", the first one from %.*s",
                       key->source_len < ADDRESS_NETWORK_SIZE ? (int)key->source_len : ADDRESS_NETWORK_SIZE,
                       key->source);
    int len = snprintf(text, REJECT_CAP_DETAIL_SIZE,
                       "%.*s; above REJECTS_MAX_SIZE this row stands for %" PRIu64
                       " rejects%s, only the first %zu bytes of the first one are kept, SHA-256 of %s %s",
                       (int)key->detail_len, key->detail, row->count, from, key->kept, hashed, sha256);
    return (struct slice){text, (size_t)len};
}

struct slice reject_cap_source(const struct joined_reject *row, char text[ADDRESS_NETWORK_SIZE])
{
    const struct joined_key *key = row->key;
    if (!key->has_several) return (struct slice){key->source, key->source_len};
    if (key->is_shared || !address_network(key->source, text))
        (void)snprintf(text, ADDRESS_NETWORK_SIZE, SEVERAL);
    return (struct slice){text, strlen(text)};
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
