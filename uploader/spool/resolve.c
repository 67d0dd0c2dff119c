/* resolve -- see resolve.h. The decisions are the contract's table, a function for each of its rows. */
#include "uploader/spool/resolve.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/sql.h"
#include "uploader/spool/counters.h"
#include "uploader/spool/statements.h"

#define HAS_ROWS 32 /* the column that load_next_batch.sql adds to those of a batch */

static const char *const words[RESOLVE_WORD_COUNT] = {
    [RESOLVE_SHIPPED] = "shipped", [RESOLVE_RESEAL] = "reseal", [RESOLVE_ABANDONED] = "abandoned"};

const char *resolve_word_name(enum resolve_word word)
{
    return words[word];
}

bool resolve_word_of(const char *name, enum resolve_word *word)
{
    for (int i = 0; i < RESOLVE_WORD_COUNT; i++) {
        if (strcmp(name, words[i]) != 0) continue;
        *word = (enum resolve_word)i;
        return true;
    }
    return false;
}

/* ---- may it be done? ---- */

static void __attribute__((format(printf, 3, 4)))
decide(struct resolve_decision *decision, enum resolve_verdict verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    decision->verdict = verdict;
    (void)vsnprintf(decision->text, sizeof decision->text, format, arguments);
    va_end(arguments);
}

/* Rows can be sealed anew only while all of them are there, and only if their kind is shipped at all. */
static bool can_reseal(const struct resolve_case *c, struct resolve_decision *decision)
{
    if (!c->has_all_rows)
        decide(decision, RESOLVE_NO, "rows of it are no longer in the spool, so it cannot be sealed anew");
    else if (!c->is_kind_on)
        decide(decision, RESOLVE_NO,
               "rejects are not shipped now (REJECTS_PREFIX=none), so it cannot be sealed anew");
    return c->has_all_rows && c->is_kind_on;
}

static void decide_unstored(const struct resolve_case *c, enum resolve_word word,
                            struct resolve_decision *decision)
{
    const char *rows = batch_kind_name(c->kind);
    switch (word) {
    case RESOLVE_SHIPPED:
        decide(decision, RESOLVE_NO,
               "it is surely not in the store: no try of it was ever taken, so to call it shipped would lose "
               "%" PRId64 " %s; reseal it, or give it up as abandoned",
               c->count, rows);
        break;
    case RESOLVE_RESEAL:
        if (can_reseal(c, decision))
            decide(decision, RESOLVE_YES,
                   "its %" PRId64 " %s are sealed anew under the current settings; none can load twice",
                   c->count, rows);
        break;
    default:
        decide(decision, RESOLVE_YES,
               "its %" PRId64 " %s are given up: they are in no object, and leave the spool after RETENTION",
               c->count, rows);
    }
}

static void decide_doubtful(const struct resolve_case *c, enum resolve_word word,
                            struct resolve_decision *decision)
{
    const char *rows = batch_kind_name(c->kind);
    switch (word) {
    case RESOLVE_SHIPPED:
        decide(decision, RESOLVE_YES,
               "it counts as shipped, not verified: if its object is not in the store, %" PRId64
               " %s are lost to whoever loads from there",
               c->count, rows);
        break;
    case RESOLVE_RESEAL:
        if (can_reseal(c, decision))
            decide(decision, RESOLVE_YES,
                   "up to %" PRId64
                   " %s may load twice: its object may be in the store; the new ones end in -rN, and for "
                   "each id the object with the highest N counts",
                   c->count, rows);
        break;
    default:
        decide(decision, RESOLVE_YES,
               "its %" PRId64
               " %s are given up, although its object may be in the store; they leave the spool after "
               "RETENTION",
               c->count, rows);
    }
}

/* An open copy: whatever becomes of it, its rows are as the batch has them that it copies. */
static void decide_copy(const struct resolve_case *c, enum resolve_word word,
                        struct resolve_decision *decision)
{
    const char *rows = batch_kind_name(c->kind);
    if (word == RESOLVE_RESEAL) {
        if (can_reseal(c, decision))
            decide(decision, RESOLVE_YES,
                   "its %" PRId64 " %s are sealed anew, again as a copy: they load twice, as was asked for",
                   c->count, rows);
    } else if (word == RESOLVE_ABANDONED) {
        decide(decision, RESOLVE_YES,
               "this copy is given up%s; its %" PRId64 " %s are in the batch that it copies",
               c->may_be_stored ? ", although its object may be in the store" : "", c->count, rows);
    } else if (c->may_be_stored) {
        decide(decision, RESOLVE_YES,
               "this copy counts as shipped, not verified; its %" PRId64
               " %s are in the batch that it copies",
               c->count, rows);
    } else {
        decide(
            decision, RESOLVE_NO,
            "this copy is surely not in the store: no try of it was ever taken; reseal it, or give it up as "
            "abandoned");
    }
}

static void decide_abandoned(const struct resolve_case *c, enum resolve_word word,
                             struct resolve_decision *decision)
{
    const char *rows = batch_kind_name(c->kind);
    if (word == RESOLVE_ABANDONED) {
        decide(decision, RESOLVE_DONE, "it was given up already: there is nothing to do");
    } else if (!c->has_all_rows) {
        decide(decision, RESOLVE_NO, "rows of it are no longer in the spool: it stays given up");
    } else if (word == RESOLVE_SHIPPED) {
        decide(decision, RESOLVE_YES, "it counts as shipped, not verified%s: %" PRId64 " %s",
               c->may_be_stored ? "" : ", although no try of it was ever taken", c->count, rows);
    } else if (can_reseal(c, decision)) {
        decide(decision, RESOLVE_YES, "its %" PRId64 " %s are sealed anew and shipped after all%s", c->count,
               rows, c->may_be_stored ? "; as many may load twice: its object may be in the store" : "");
    }
}

void resolve_decide(const struct resolve_case *c, enum resolve_word word, struct resolve_decision *decision)
{
    if (c->state == BATCH_SHIPPED)
        decide(decision, RESOLVE_NO,
               "it is shipped; `eventspool reship --batch` puts its object again where it is missing, "
               "`eventspool reship --new-keys` sends its %" PRId64 " %s once more",
               c->count, batch_kind_name(c->kind));
    else if (c->state == BATCH_SUPERSEDED)
        decide(decision, RESOLVE_NO,
               "its rows are in other batches, those whose reship_of names it: resolve these; where they are "
               "shipped, `eventspool reship --new-keys` sends them once more");
    else if (c->state == BATCH_ABANDONED)
        decide_abandoned(c, word, decision);
    else if (c->is_in_flight)
        decide(decision, RESOLVE_WAIT, "it is on its way: its end is waited for");
    else if (c->is_copy)
        decide_copy(c, word, decision);
    else if (c->may_be_stored)
        decide_doubtful(c, word, decision);
    else
        decide_unstored(c, word, decision);
}

/* ---- do it ---- */

/* `*has_rows`: all of them. */
static enum result load(struct spool_out *out, int64_t id, struct batch *batch, bool *has_rows,
                        struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *batch = (struct batch){.id = 0};
    enum result res = stmt_prepare(&stmt, out->db, sql_load_next_batch, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":from_id", id);
        res = stmt_step(stmt, &has_row, why);
    }
    if (res == RES_OK && has_row) {
        *has_rows = stmt_int(stmt, HAS_ROWS) != 0;
        res = spool_out_read_batch(stmt, batch, why);
    }
    stmt_free(stmt);
    if (res == RES_OK && batch->id != id) batch->id = 0;
    return res;
}

enum result spool_resolve_look(struct spool_out *out, const struct resolve_order *order, struct batch *batch,
                               struct resolve_decision *decision, struct why *why)
{
    bool has_rows = false;
    enum result res = load(out, order->batch_id, batch, &has_rows, why);
    if (res != RES_OK) return res;
    if (batch->id == 0) {
        decide(decision, RESOLVE_NO, "there is no batch %" PRId64, order->batch_id);
        return RES_OK;
    }
    struct resolve_case c = {
        .kind = batch->kind,
        .state = batch->state,
        .may_be_stored = batch_may_be_stored(batch),
        .is_copy = batch->is_copy,
        .is_in_flight = order->is_in_flight,
        .has_all_rows = has_rows,
        .is_kind_on = batch->kind == BATCH_EVENTS || order->ships_rejects,
        .count = batch_count(batch),
    };
    resolve_decide(&c, order->word, decision);
    return RES_OK;
}

/* What was decided about the batch, by whom and when; and for all words but reseal its new state. */
struct word {
    enum resolve_word word;
    const char *by, *note;
    int64_t kept_from;
};

static enum result record(struct spool_out *out, struct batch *batch, const struct word *word,
                          struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t changed = 0;
    int64_t now = clock_now_ms();
    enum result res = spool_out_use(out, RESOLVE, &stmt, why);
    if (res == RES_OK && word->word == RESOLVE_SHIPPED) res = counters_add_shipped(out, batch, -1, now, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":word", words[word->word]);
    stmt_set_int(stmt, ":now", now);
    stmt_set_int(stmt, ":kept_ms", word->kept_from);
    stmt_set_text(stmt, ":by", word->by);
    stmt_set_text(stmt, ":note", word->note);
    stmt_set_int(stmt, ":id", batch->id);
    res = stmt_run(stmt, &changed, why);
    if (res == RES_OK && changed != 1)
        res = why_set(why, RES_BROKEN,
                      "batch %" PRId64 " has changed meanwhile: is another uploader at work?", batch->id);
    if (res != RES_OK || word->word == RESOLVE_RESEAL) return res;
    batch_move(batch, word->word == RESOLVE_SHIPPED ? BATCH_SHIPPED : BATCH_ABANDONED);
    return RES_OK;
}

enum result spool_resolve_abandon(struct spool_out *out, struct batch *batch, int64_t kept_from,
                                  const char *note, struct why *why)
{
    struct word word = {RESOLVE_ABANDONED, "uploader", note, kept_from};
    return record(out, batch, &word, why);
}

static enum result act(struct spool_out *out, const struct resolve_order *order,
                       const struct new_shape *shape, struct resolve_decision *decision,
                       struct cut_parts *parts, struct why *why)
{
    struct batch batch;
    struct word word = {order->word, order->by, order->note, spool_out_kept_ms(out)};
    enum result res = spool_resolve_look(out, order, &batch, decision, why);
    if (res == RES_OK && batch.id == 0) res = why_set(why, RES_REFUSE, "%s", decision->text);
    if (res != RES_OK || decision->verdict != RESOLVE_YES) return res;
    res = record(out, &batch, &word, why);
    if (res != RES_OK || order->word != RESOLVE_RESEAL) return res;
    return spool_out_replace(out, &batch, shape, true, parts, why);
}

enum result spool_resolve(struct spool_out *out, const struct resolve_order *order,
                          const struct new_shape *shape, struct resolve_decision *decision,
                          struct cut_parts *parts, struct why *why)
{
    *parts = (struct cut_parts){0};
    enum result res = db_begin(out->db, why);
    if (res != RES_OK) return res;
    res = act(out, order, shape, decision, parts, why);
    res = spool_out_end(out, res, why);
    if (res != RES_OK) *parts = (struct cut_parts){0};
    return res == RES_OK ? res : why_wrap(why, res, "resolve batch %" PRId64, order->batch_id);
}
