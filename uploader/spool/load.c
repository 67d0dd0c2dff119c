/* load -- batches as the spool has them. See spool.h. */
#include "uploader/spool/spool.h"

#include <inttypes.h>
#include <string.h>

#include "uploader/spool/statements.h"

/* The columns of load_open_batch.sql. */
enum {
    ID,
    KIND,
    FIRST_ID,
    LAST_ID,
    BYTES,
    DESTINATION,
    OBJECT_KEY,
    FORMAT,
    METADATA,
    SPOOL,
    NODE,
    SEALED_AT,
    ATTEMPTS,
    IS_UNKNOWN,
    IS_OCCUPIED,
    IS_GZIP,
    PRETTY,
    DROPPED,
    OMITS_PAYLOAD,
    RECORDED,
    EARLIER = RECORDED + 3,
    IS_SHIPPED = EARLIER + 3,
    IS_SUPERSEDED,
    IS_ABANDONED,
    IS_BLOCKED,
    REPETITION,
    RESHIP_OF,
    IS_COPY,
};

static enum batch_kind read_kind(struct stmt *stmt, int column)
{
    return strcmp(stmt_text(stmt, column), batch_kind_name(BATCH_EVENTS)) == 0 ? BATCH_EVENTS : BATCH_REJECTS;
}

static enum batch_state read_state(struct stmt *stmt)
{
    if (stmt_int(stmt, IS_SHIPPED) != 0) return BATCH_SHIPPED;
    if (stmt_int(stmt, IS_SUPERSEDED) != 0) return BATCH_SUPERSEDED;
    if (stmt_int(stmt, IS_ABANDONED) != 0) return BATCH_ABANDONED;
    return stmt_int(stmt, IS_BLOCKED) != 0 ? BATCH_BLOCKED : BATCH_SEALED;
}

/* Reads three columns from `column` on; they are NULL if there is no rendition, the MD5 if it has none. */
static void read_rendition(struct stmt *stmt, int column, struct rendition *rendition)
{
    *rendition = (struct rendition){.bytes = stmt_int(stmt, column + 2)};
    spool_out_copy_text(rendition->sha256, sizeof rendition->sha256, stmt, column);
    spool_out_copy_text(rendition->md5, sizeof rendition->md5, stmt, column + 1);
}

enum result spool_out_read_batch(struct stmt *stmt, struct batch *batch, struct why *why)
{
    *batch = (struct batch){
        .id = stmt_int(stmt, ID),
        .state = read_state(stmt),
        .kind = read_kind(stmt, KIND),
        .first_id = stmt_int(stmt, FIRST_ID),
        .last_id = stmt_int(stmt, LAST_ID),
        .bytes = stmt_int(stmt, BYTES),
        .has_metadata = stmt_int(stmt, METADATA) != 0,
        .sealed_at = stmt_int(stmt, SEALED_AT),
        .attempts = stmt_int(stmt, ATTEMPTS),
        .is_unknown = stmt_int(stmt, IS_UNKNOWN) != 0,
        .is_occupied = stmt_int(stmt, IS_OCCUPIED) != 0,
        .is_gzip = stmt_int(stmt, IS_GZIP) != 0,
        .is_pretty = stmt_int(stmt, PRETTY) != 0,
        .omits_payload = stmt_int(stmt, OMITS_PAYLOAD) != 0,
        .repetition = (int)stmt_int(stmt, REPETITION),
        .reship_of = stmt_int(stmt, RESHIP_OF),
        .is_copy = stmt_int(stmt, IS_COPY) != 0,
    };
    spool_out_copy_text(batch->destination, sizeof batch->destination, stmt, DESTINATION);
    spool_out_copy_text(batch->object_key, sizeof batch->object_key, stmt, OBJECT_KEY);
    spool_out_copy_text(batch->dropped, sizeof batch->dropped, stmt, DROPPED);
    bool is_known = batch_format_of(stmt_text(stmt, FORMAT), &batch->format);
    spool_out_copy_text(batch->identity.spool, sizeof batch->identity.spool, stmt, SPOOL);
    spool_out_copy_text(batch->identity.node, sizeof batch->identity.node, stmt, NODE);
    read_rendition(stmt, RECORDED, &batch->recorded);
    read_rendition(stmt, EARLIER, &batch->earlier);
    return is_known ? RES_OK : why_set(why, RES_BROKEN, "batch %" PRId64 " has an unknown format", batch->id);
}

/* Reads the batch that the statement finds, if any. */
static enum result read_found(struct stmt *stmt, struct batch *batch, bool *is_some, struct why *why)
{
    enum result res = stmt_step(stmt, is_some, why);
    if (res != RES_OK || !*is_some) return res;
    res = spool_out_read_batch(stmt, batch, why);
    stmt_reset(stmt);
    return res;
}

enum result spool_out_open_batch(struct spool_out *out, enum batch_kind kind, int64_t from_id,
                                 struct batch *batch, bool *is_some, struct why *why)
{
    struct stmt *stmt = NULL;
    *is_some = false;
    enum result res = spool_out_use(out, OPEN_BATCH, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":from_id", from_id);
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    return read_found(stmt, batch, is_some, why);
}

enum result spool_out_load_batch(struct spool_out *out, int64_t id, struct batch *batch, bool *is_open,
                                 struct why *why)
{
    struct stmt *stmt = NULL;
    bool is_some = false;
    *batch = (struct batch){.id = 0};
    *is_open = false;
    enum result res = spool_out_use(out, LOAD_BATCH, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":id", id);
    res = read_found(stmt, batch, &is_some, why);
    *is_open = is_some && batch_state_is_open(batch->state);
    return res;
}

/* ---- what is to be shipped ---- */

/* Reads a row of list_open_batches.sql. */
static struct open_batch read_open(struct stmt *stmt)
{
    const char *code = stmt_text(stmt, 7); /* NULL if there is no refusal */
    struct open_batch open = {
        .id = stmt_int(stmt, 0),
        .kind = read_kind(stmt, 1),
        .first_id = stmt_int(stmt, 2),
        .is_copy = stmt_int(stmt, 3) != 0,
        .is_unknown = stmt_int(stmt, 4) != 0,
        .is_occupied = stmt_int(stmt, 5) != 0,
        .is_refused = code != NULL,
        .cause = {.scope = SCOPE_BATCH, .status = (int)stmt_int(stmt, 6)},
    };
    spool_out_copy_text(open.cause.code, sizeof open.cause.code, stmt, 7);
    return open;
}

/* A row of load_blocked.sql. */
static void add_blocked(struct blocked *blocked, struct stmt *stmt)
{
    bool is_own = stmt_int(stmt, 0) != 0;
    int64_t since = stmt_int(stmt, 1);
    int64_t *first = is_own ? &blocked->since : &blocked->others_since;
    if (*first == 0 || since < *first) *first = since;
    if (!is_own) return;
    if (blocked->count == 0) {
        spool_out_copy_text(blocked->why.text, sizeof blocked->why.text, stmt, 3);
        spool_out_copy_text(blocked->why.remedy, sizeof blocked->why.remedy, stmt, 4);
    }
    blocked->count++;
    blocked->tries += stmt_int(stmt, 2);
}

enum result spool_out_load_blocked(struct spool_out *out, enum batch_kind kind, struct blocked *blocked,
                                   struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    *blocked = (struct blocked){.count = 0};
    enum result res = spool_out_use(out, LOAD_BLOCKED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res == RES_OK && has_row) add_blocked(blocked, stmt);
    }
    return res;
}

enum result spool_out_list_open(struct spool_out *out, int64_t after_id,
                                void (*visit)(void *context, const struct open_batch *open), void *context,
                                struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res = spool_out_use(out, LIST_OPEN, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":after_id", after_id);
    while (res == RES_OK) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        struct open_batch open = read_open(stmt);
        visit(context, &open);
    }
    return res;
}
