/*
 * test_tiling -- whatever happens to a spool, each id stays in exactly one place: random operations of all kinds, each
 * followed by the check of tiling.h and by a comparison with a model that knows of each id only what has become of it. And
 * the same with statements that were broken on purpose: each must be caught.
 * The seed is printed; TEST_SEED=number in the environment sets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/sealer.h"

#include <string.h>

#include "common/db.h"
#include "common/log.h"
#include "common/sql.h"
#include "tests/support/chance.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"
#include "tests/support/sanitized.h"
#include "uploader/spool/reship.h"
#include "uploader/spool/statements.h" /* to break its statements */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WORLDS       (IS_SANITIZED ? 2 : 5) /* TEST_WORLDS=number in the environment changes it */
#define STEPS        100
#define BROKEN_TRIES 30 /* worlds in which a broken statement must be caught at least once */
#define IDS_MAX      4000
#define WRONG_SIZE   4400

enum fate { WAITS, SEALED, SHIPPED, GIVEN_UP };
static const char *const fates[] = {"pending", "sealed", "shipped", "abandoned"};

struct world {
    struct fixture *f;
    struct chance *chance;
    struct sealer sealer;
    bool ships_rejects;
    bool is_purged; /* batches by age */
    int64_t added[BATCH_KIND_COUNT];
    char fate[BATCH_KIND_COUNT][IDS_MAX + 1];
    const char *step;
    char wrong[WRONG_SIZE]; /* "": nothing yet */
};

static int64_t below(struct world *w, int64_t limit)
{
    return (int64_t)chance_below(w->chance, (size_t)limit);
}

/* A call has failed, which no step of these may. */
static bool went_well(struct world *w, enum result res)
{
    if (res != RES_OK && !*w->wrong)
        (void)snprintf(w->wrong, sizeof w->wrong, "%s: %s", w->step, w->f->why.text);
    return res == RES_OK;
}

static void fall(struct world *w, const struct batch *batch, enum fate fate)
{
    if (batch->is_copy) return;
    for (int64_t id = batch->first_id; id <= batch->last_id; id++) w->fate[batch->kind][id] = (char)fate;
}

/* ---- choosing ---- */

/* A random batch among those that fulfil the condition; false: there is none. */
static bool choose(struct world *w, const char *condition, struct batch *batch)
{
    bool is_open = false;
    int64_t count = query_int(w->f->scratch->spool, "SELECT count(*) FROM _batch WHERE %s", condition);
    if (count == 0) return false;
    int64_t id = query_int(w->f->scratch->spool, "SELECT id FROM _batch WHERE %s LIMIT 1 OFFSET %" PRId64,
                           condition, below(w, count));
    return went_well(w, spool_out_load_batch(w->f->out, id, batch, &is_open, &w->f->why));
}

#define OPEN "shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL"

/* ---- steps ---- */

static void add(struct world *w, enum batch_kind kind)
{
    int64_t count = 1 + below(w, 8);
    if (w->added[kind] + count > IDS_MAX) return;
    (kind == BATCH_EVENTS ? some_spool_add_events : some_spool_add_rejects)(w->f->scratch->spool, count,
                                                                            8 + below(w, 60), SOME_TIME);
    w->added[kind] += count;
}

static void seal_next(struct world *w, enum batch_kind kind)
{
    struct due_watch watch = {0};
    struct seal_outcome outcome;
    if (kind == BATCH_REJECTS && !w->ships_rejects) return;
    struct waiting waiting = waiting_now(w->f, kind);
    w->sealer.options.max_file_bytes = 1 + below(w, 400);
    if (!waiting.is_some) return;
    if (!went_well(w, sealer_seal_due(&w->sealer, kind, INT64_MAX, &watch, &outcome, &w->f->why))) return;
    struct batch batch = {.kind = kind};
    batch.last_id = query_int(w->f->scratch->spool, "SELECT max(last_id) FROM _batch WHERE kind = '%s'",
                              batch_kind_name(kind));
    batch.first_id = waiting.first_id;
    fall(w, &batch, SEALED);
    for (int64_t id = waiting.first_id - 1; id > 0 && w->fate[kind][id] == WAITS; id--)
        w->fate[kind][id] = GIVEN_UP; /* purged without having been shipped */
}

static void attempt(struct world *w)
{
    struct rendition rendition = {.sha256 = "a", .md5 = "b", .bytes = 1};
    struct batch batch;
    if (choose(w, OPEN, &batch))
        (void)went_well(w, spool_out_record_attempt(w->f->out, &batch, &rendition, &w->f->why));
}

static void fail_once(struct world *w)
{
    struct why told = {.text = "HTTP 413"};
    struct cause cause = {SCOPE_BATCH, 413, "EntityTooLarge"};
    struct batch batch;
    if (!choose(w, OPEN, &batch)) return;
    struct batch_failure failure = {
        &told,          below(w, 2) ? &cause : NULL, below(w, 2) > 0, below(w, 2) > 0, below(w, 4) == 0,
        "batch_blocked"};
    (void)went_well(w, spool_out_record_failure(w->f->out, &batch, &failure, &w->f->why));
}

static void ship_one(struct world *w)
{
    struct batch batch;
    if (!choose(w, OPEN, &batch)) return;
    if (went_well(w, spool_out_mark_shipped(w->f->out, &batch, NULL, "etag", true, -1, &w->f->why)))
        fall(w, &batch, SHIPPED);
}

static void meet_an_incident(struct world *w)
{
    struct why incident = {.text = "another object"};
    struct batch batch;
    struct batch again;
    bool is_done = false;
    if (choose(w, OPEN, &batch))
        (void)went_well(w, spool_out_supersede(w->f->out, &batch, &incident, &again, &is_done, &w->f->why));
}

static void change_settings(struct world *w)
{
    w->sealer.options.max_file_bytes = 1 + below(w, 400);
    w->sealer.options.format = (enum batch_format)below(w, 3);
    w->sealer.options.is_gzip = below(w, 2) > 0;
    w->sealer.destination = below(w, 2) > 0 ? "file:///d" : "file:///e";
    for (enum batch_kind kind = 0; kind < BATCH_KIND_COUNT; kind++)
        (void)went_well(
            w, sealer_review(&w->sealer, kind, kind == BATCH_EVENTS || w->ships_rejects, &w->f->why));
}

static void cut_one_again(struct world *w)
{
    struct batch batch;
    struct cut_parts parts;
    w->sealer.options.max_file_bytes = 1 + below(w, 200);
    if (choose(w, OPEN, &batch)) (void)went_well(w, sealer_cut_again(&w->sealer, &batch, &parts, &w->f->why));
}

static void copy_one(struct world *w)
{
    struct batch batch;
    struct past_batch past;
    struct db *db = spool_out_db(w->f->out);
    int64_t id = 0;
    bool is_new = false;
    if (!choose(w, "shipped_at IS NOT NULL", &batch)) return;
    if (!went_well(w, spool_reship_next(w->f->out, batch.id, &past, &w->f->why)) || !past.has_rows) return;
    if (!went_well(w, db_begin(db, &w->f->why))) return;
    enum result res = spool_reship_copy(w->f->out, &batch, &id, &is_new, &w->f->why);
    (void)went_well(w, db_end(db, res, &w->f->why));
}

static void speak(struct world *w)
{
    static const enum fate fate[RESOLVE_WORD_COUNT] = {SHIPPED, SEALED, GIVEN_UP};
    struct batch batch;
    struct resolve_decision decision;
    struct cut_parts parts;
    if (!choose(w, below(w, 4) ? "shipped_at IS NULL" : "1", &batch)) return;
    struct resolve_order order = {batch.id, (enum resolve_word)below(w, RESOLVE_WORD_COUNT), "somebody", NULL,
                                  false,    batch.kind == BATCH_EVENTS || w->ships_rejects};
    w->sealer.options.max_file_bytes = 1 + below(w, 200);
    if (went_well(w, sealer_resolve(&w->sealer, &order, &decision, &parts, &w->f->why)) &&
        decision.verdict == RESOLVE_YES)
        fall(w, &batch, fate[order.word]);
}

static void purge(struct world *w)
{
    int64_t purged = 0;
    int64_t before = below(w, 2) ? INT64_MAX : spool_out_kept_ms(w->f->out) - below(w, 20);
    (void)went_well(w, spool_out_purge(w->f->out, (enum batch_kind)below(w, BATCH_KIND_COUNT), before,
                                       &purged, &w->f->why));
}

static void purge_old_batches(struct world *w)
{
    w->is_purged = true;
    (void)went_well(w, spool_out_purge_batches(w->f->out, INT64_MAX, &w->f->why));
}

/* What is given up is what was marked; the model learns it from the spool, as which rows were marked is not its matter. */
static void purge_waiting(struct world *w)
{
    int64_t purged = 0;
    if (w->ships_rejects) return;
    if (!went_well(w, spool_out_purge_waiting_rejects(w->f->out, -1, &purged, &w->f->why))) return;
    char *ids =
        query_text(w->f->scratch->spool,
                   "SELECT first_id || ' ' || last_id FROM _batch WHERE kind = 'rejects' AND is_copy = 0"
                   " AND abandoned_at IS NOT NULL AND resolved_by = 'uploader'");
    for (char *line = strtok(ids, "\n"); line; line = strtok(NULL, "\n")) {
        struct batch batch = {.kind = BATCH_REJECTS};
        char *end = line;
        batch.first_id = strtoll(line, &end, 10);
        batch.last_id = strtoll(end, NULL, 10);
        fall(w, &batch, GIVEN_UP);
    }
    free(ids);
}

static void reopen(struct world *w)
{
    spool_out_close(w->f->out);
    must(w->f, spool_out_open(&w->f->out, w->f->scratch->spool, &w->f->why));
    w->sealer.spool = w->f->out;
}

/* `broken` worlds keep their connection: a broken statement belongs to it. */
static void take_step(struct world *w, bool is_broken)
{
    enum batch_kind kind = below(w, 3) ? BATCH_EVENTS : BATCH_REJECTS;
#define STEP(call)                                                                                           \
    w->step = #call;                                                                                         \
    call;                                                                                                    \
    break
    switch (below(w, 19)) {
    case 0:
    case 1: STEP(add(w, kind));
    case 2:
    case 3:
    case 4: STEP(seal_next(w, kind));
    case 5:
    case 6: STEP(attempt(w));
    case 7: STEP(fail_once(w));
    case 8:
    case 9: STEP(ship_one(w));
    case 10: STEP(meet_an_incident(w));
    case 11: STEP(cut_one_again(w));
    case 12: STEP(copy_one(w));
    case 13:
    case 14: STEP(speak(w));
    case 15: STEP(purge(w));
    case 16: STEP(purge_waiting(w));
    case 17: w->ships_rejects ^= below(w, 3) == 0; STEP(change_settings(w));
    default:
        if (below(w, 6) == 0) {
            STEP(purge_old_batches(w));
        }
        if (!is_broken) reopen(w);
    }
}

/* ---- the model ---- */

/* A row of the views: kind, id and state. */
static void compare_row(struct world *w, char *line)
{
    char *state = NULL;
    enum batch_kind kind = *line == 'e' ? BATCH_EVENTS : BATCH_REJECTS;
    int64_t id = strtoll(line + 1, &state, 10);
    const char *expected = fates[(int)w->fate[kind][id]];
    if (strcmp(state, expected) != 0 && !*w->wrong)
        (void)snprintf(w->wrong, sizeof w->wrong, "%s: %s, which should be %s", w->step, line, expected);
}

static void compare_summary(struct world *w, const char *line)
{
    char expected[80];
    int64_t left = 0;
    int64_t given_up = 0;
    for (int64_t id = 1; id <= w->added[BATCH_EVENTS]; id++) {
        left += w->fate[BATCH_EVENTS][id] <= SEALED;
        given_up += w->fate[BATCH_EVENTS][id] == GIVEN_UP;
    }
    (void)snprintf(expected, sizeof expected, "s%" PRId64 " %" PRId64, left, given_up);
    if (strcmp(line, expected) != 0 && !*w->wrong)
        (void)snprintf(w->wrong, sizeof w->wrong, "%s: summary: %s, which should be %s", w->step, line,
                       expected);
}

static void compare(struct world *w)
{
    char *rows = query_text(w->f->scratch->spool,
                            "SELECT 's' || events || ' ' || abandoned_events FROM summary;"
                            "SELECT 'e' || id || state FROM events; SELECT 'r' || id || state FROM rejects");
    char *line = strtok(rows, "\n");
    compare_summary(w, line);
    while ((line = strtok(NULL, "\n"))) compare_row(w, line);
    free(rows);
}

static void check(struct world *w)
{
    if (*w->wrong) return;
    char *problem = tiling_problem(w->f->scratch->spool, w->is_purged);
    if (problem) (void)snprintf(w->wrong, sizeof w->wrong, "%s: %s", w->step, problem);
    free(problem);
    compare(w);
}

/* ---- worlds ---- */

/* A statement that was broken on purpose: `from` in its text became `to`. */
struct broken {
    enum statement which;
    const char *text, *from, *to;
};

static void break_statement(struct world *w, const struct broken *broken)
{
    char text[8000];
    const char *at = strstr(broken->text, broken->from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - broken->text), broken->text, broken->to,
                   at + strlen(broken->from));
    must(w->f,
         stmt_prepare(&w->f->out->statements[broken->which], spool_out_db(w->f->out), text, &w->f->why));
}

/* Runs one world to its end, or until something is wrong, which is then in `wrong`. */
static void run_world(struct chance *chance, const struct broken *broken, char wrong[WRONG_SIZE])
{
    struct world *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->f = fixture_new();
    w->chance = chance;
    w->ships_rejects = true;
    w->step = "begin";
    w->sealer = (struct sealer){
        .options = {.rotation_ms = 1000,
                    .max_file_bytes = 100,
                    .prefix = "p/",
                    .rejects_prefix = "rejected/p/"},
        .spool = w->f->out,
        .destination = "file:///d",
    };
    if (broken) break_statement(w, broken);
    for (int i = 0; i < STEPS && !*w->wrong; i++) {
        take_step(w, broken != NULL);
        check(w);
    }
    memcpy(wrong, w->wrong, WRONG_SIZE);
    fixture_free(w->f);
    free(w);
}

static void each_id_stays_in_exactly_one_place(void **state)
{
    struct chance chance = chance_begin();
    char wrong[WRONG_SIZE];
    (void)state;
    const char *given = getenv("TEST_WORLDS");
    int worlds = given ? atoi(given) : WORLDS;
    for (int i = 0; i < worlds; i++) {
        run_world(&chance, NULL, wrong);
        if (*wrong) fail_msg("world %d: %s", i, wrong);
    }
}

static void a_broken_statement_is_caught(void **state)
{
    static const struct broken rows[] = {
        /* one word for two things, as it once was: what is given up is taken out of the order */
        {RESOLVE, sql_resolve_batch, "abandoned_at = CASE :word", "superseded_at = CASE :word"},
        /* superseded, although it may be stored: the rows go to a second object without a number */
        {LOAD_REPETITIONS, sql_load_repetitions,
         "OR b.unknown_since IS NOT NULL OR b.occupied_since IS NOT NULL", ""},
        /* the superseded ones are forgotten */
        {LOAD_REPETITIONS, sql_load_repetitions, "WHERE b.first_id <= :last_id",
         "WHERE b.superseded_at IS NULL AND b.first_id <= :last_id"},
        /* a part is left out */
        {SEAL, sql_seal_batch, ":last_id, :last_id -",
         "max(:first_id, :last_id - (:reship_of IS NOT NULL)), :last_id -"},
        /* what was shipped is superseded, too: its copy's rows double */
        {SUPERSEDE, sql_supersede_batch, "SET superseded_at = :now", "SET superseded_at = NULL"},
        /* rows of batches that are to be shipped are purged */
        {LOAD_PURGEABLE, sql_load_purgeable,
         "INDEXED BY _batch_kept\nWHERE kind = :kind AND has_rows = 1 AND is_copy = 0 AND (shipped_at IS NOT "
         "NULL OR abandoned_at IS NOT NULL)",
         "WHERE kind = :kind AND has_rows = 1 AND is_copy = 0"},
        /* rows that an open copy needs are purged */
        {LOAD_PURGEABLE, sql_load_purgeable, "c.first_id BETWEEN b.first_id AND b.last_id",
         "c.first_id < b.first_id AND c.first_id > b.last_id"},
        /* more than the batch's own rows are purged */
        {PURGE_EVENTS, sql_purge_events, "BETWEEN :first_id AND :last_id",
         "BETWEEN :first_id AND :last_id + 1"},
        /* has_rows says that nothing is left, although some is */
        {PURGE_EVENTS, sql_purge_events, "LIMIT :slice", "LIMIT min(1, :slice)"},
        /* a batch row in the middle goes */
        {PURGE_BATCHES, sql_purge_batches, "n.has_rows = 1", "0"},
        /* a shipped batch is still given up */
        {RESOLVE, sql_resolve_batch, "WHEN 'shipped' THEN :now END", "WHEN 'abandoned' THEN :now END"},
        /* what a person took back counts as given up */
        {MARK_SHIPPED, sql_mark_shipped, "shipped_at = :now", "abandoned_at = :now"},
    };
    struct chance chance = chance_begin();
    char wrong[WRONG_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        *wrong = '\0';
        for (int k = 0; k < BROKEN_TRIES && !*wrong; k++) run_world(&chance, &rows[i], wrong);
        if (!*wrong) fail_msg("nobody noticed that '%s' had become '%s'", rows[i].from, rows[i].to);
        wrong[strcspn(wrong, "\n")] = '\0';
        print_message("%zu: %s\n", i, wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_id_stays_in_exactly_one_place),
        cmocka_unit_test(a_broken_statement_is_caught),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
