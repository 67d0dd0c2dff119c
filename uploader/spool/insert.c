/* insert -- see insert.h. */
#include "uploader/spool/insert.h"

#include "common/utf8.h"
#include "uploader/spool/statements.h"

#define REPETITION_MAX 10000

/* `reship_of`: the batch that was superseded to make room, or that is copied; 0: none. */
static enum result find_repetition(struct spool_out *out, enum batch_kind kind, int64_t first_id,
                                   int64_t last_id, int64_t reship_of, int *repetition, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *repetition = 1;
    enum result res = spool_out_use(out, LOAD_REPETITIONS, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    stmt_set_int(stmt, ":first_id", first_id);
    stmt_set_int(stmt, ":last_id", last_id);
    stmt_set_int(stmt, ":reship_of", reship_of);
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row && stmt_int(stmt, 1) != 0) *repetition = (int)stmt_int(stmt, 0) + 1;
    stmt_reset(stmt);
    return res;
}

enum result spool_out_repetition(struct spool_out *out, enum batch_kind kind, int64_t first_id,
                                 int64_t last_id, int *repetition, struct why *why)
{
    return find_repetition(out, kind, first_id, last_id, 0, repetition, why);
}

static enum result is_taken(struct spool_out *out, const char *key, bool *taken, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, FIND_KEY, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":object_key", key);
    res = stmt_step(stmt, taken, why);
    stmt_reset(stmt);
    return res;
}

/* A key that another batch has, because both were sealed within a second, is passed over. */
static enum result choose_key(struct spool_out *out, struct batch *batch, const struct key_rules *keys,
                              struct why *why)
{
    bool taken = true;
    enum result res = find_repetition(out, batch->kind, batch->first_id, batch->last_id, batch->reship_of,
                                      &batch->repetition, why);
    for (; res == RES_OK && taken; batch->repetition += taken) {
        bool is_made = batch->repetition <= REPETITION_MAX;
        if (is_made && keys) object_key_make(batch, keys);
        if (is_made && !keys) is_made = object_key_renumber(batch);
        if (!is_made)
            return why_set(why, RES_REFUSE, "there is no key left beside %.*s",
                           utf8_cut(batch->object_key, 200), batch->object_key);
        res = is_taken(out, batch->object_key, &taken, why);
    }
    return res;
}

static void bind(struct stmt *stmt, const struct batch *batch)
{
    stmt_set_text(stmt, ":kind", batch_kind_name(batch->kind));
    stmt_set_int(stmt, ":first_id", batch->first_id);
    stmt_set_int(stmt, ":last_id", batch->last_id);
    stmt_set_int(stmt, ":bytes", batch->bytes);
    stmt_set_text(stmt, ":destination", batch->destination);
    stmt_set_text(stmt, ":object_key", batch->object_key);
    stmt_set_text(stmt, ":format", batch_format_name(batch->format));
    stmt_set_int(stmt, ":metadata", batch->has_metadata);
    stmt_set_text(stmt, ":compression", batch->is_gzip ? "gzip" : "none");
    stmt_set_int(stmt, ":pretty", batch->is_pretty);
    stmt_set_text(stmt, ":dropped", batch->dropped);
    stmt_set_int(stmt, ":omits_payload", batch->omits_payload);
    stmt_set_text(stmt, ":spool", batch->identity.spool);
    stmt_set_text(stmt, ":node", batch->identity.node);
    stmt_set_int(stmt, ":sealed_at", batch->sealed_at);
    stmt_set_int(stmt, ":repetition", batch->repetition);
    if (batch->reship_of > 0)
        stmt_set_int(stmt, ":reship_of", batch->reship_of);
    else
        stmt_set_text(stmt, ":reship_of", NULL);
    stmt_set_int(stmt, ":is_copy", batch->is_copy);
}

enum result spool_out_insert(struct spool_out *out, struct batch *batch, const struct key_rules *keys,
                             struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = choose_key(out, batch, keys, why);
    if (res == RES_OK) res = spool_out_use(out, SEAL, &stmt, why);
    if (res != RES_OK) return res;
    bind(stmt, batch);
    res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK || !has_row) return res;
    batch->id = stmt_int(stmt, 0);
    return stmt_run(stmt, NULL, why); /* runs it to its end: only then is the row written */
}
