/*
 * test_power_cut -- what a power cut leaves of the uploader's ledger, at any moment of a run that seals, tries, marks
 * and purges. Not all of that is synced; whatever chance keeps of the rest, each try whose PUT may have begun is known
 * with its bytes, and no event is gone that was not shipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/chance.h"
#include "tests/support/disk_log.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"
#include "uploader/spool/resolve.h"

#define BATCHES 40
#define EVENTS  5 /* a batch */
#define CUTS    150

struct run {
    struct fixture *f;
    size_t tried_at[BATCHES]; /* the moment when the try was recorded: its PUT begins */
};

/* The disk's log begins with the spool as it is: the schema and all events. */
static void note_spool(const char *path)
{
    size_t len = 0;
    char *bytes = scratch_read(path, &len);
    disk_log_begin();
    disk_log_write(path, bytes, len, 0);
    disk_log_sync(path, true);
    disk_log_sync_directory(path);
    free(bytes);
}

static struct run *run_new(void)
{
    struct run *run = calloc(1, sizeof *run);
    struct fixture *f = calloc(1, sizeof *f);
    if (!run || !f) abort();
    run->f = f;
    f->scratch = scratch_new();
    some_spool_make(f->scratch->spool);
    some_spool_add_events(f->scratch->spool, BATCHES * EVENTS, 10, SOME_TIME);
    query_do(f->scratch->spool, "PRAGMA wal_checkpoint(TRUNCATE)");
    note_spool(f->scratch->spool);
    must(f, spool_out_open(&f->out, f->scratch->spool, &f->why));
    return run;
}

static void run_free(struct run *run)
{
    disk_log_forget();
    fixture_free(run->f);
    free(run);
}

/* One batch from its seal to its end: a failed try first for some, then shipped; now and then what is old is purged. */
static void run_batch(struct run *run, int i)
{
    struct fixture *f = run->f;
    struct rendition rendition = {.bytes = 100 + i};
    struct why refused = {.text = "refused"};
    struct batch_failure failure = {.why = &refused, .is_definite = true};
    struct db_wal wal;
    int64_t purged = 0;
    (void)snprintf(rendition.sha256, sizeof rendition.sha256, "%064d", i);
    (void)snprintf(rendition.md5, sizeof rendition.md5, "%032d", i);
    struct batch batch = seal(f, BATCH_EVENTS, 1 + (int64_t)i * EVENTS, (int64_t)(i + 1) * EVENTS);
    must(f, spool_out_record_attempt(f->out, &batch, &rendition, &f->why));
    run->tried_at[i] = disk_log_moment();
    if (i % 5 == 4) {
        must(f, spool_out_record_failure(f->out, &batch, &failure, &f->why));
        must(f, spool_out_record_attempt(f->out, &batch, &rendition, &f->why));
    }
    ship(f, &batch);
    if (i % 3 == 2) must(f, spool_out_purge(f->out, BATCH_EVENTS, INT64_MAX, &purged, &f->why));
    if (i % 7 == 6) must(f, db_checkpoint(spool_out_db(f->out), DB_PASSIVE, &wal, &f->why));
}

static void check_after_cut(const struct run *run, size_t moment, uint64_t seed)
{
    struct scratch *after = scratch_new();
    struct spool_out *out;
    struct why why = {0};
    disk_log_cut(moment, seed, after->dir);
    if (spool_out_open(&out, after->spool, &why) != RES_OK) fail_msg("moment %zu: %s", moment, why.text);
    for (int i = 0; i < BATCHES && run->tried_at[i] <= moment; i++)
        if (query_int(
                after->spool,
                "SELECT count(*) FROM _batch WHERE first_id = %d AND last_id = %d AND object_key = "
                "'events/%d'"
                " AND sha256 = '%064d' AND (shipped_at > 0 OR unknown_since > 0 OR last_error IS NOT NULL)",
                1 + i * EVENTS, (i + 1) * EVENTS, 1 + i * EVENTS, i) != 1)
            fail_msg("moment %zu, seed %llu: batch %d is not known", moment, (unsigned long long)seed, i);
    char *lost =
        query_text(after->spool,
                   "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < %d)"
                   " SELECT id FROM n WHERE id NOT IN (SELECT id FROM _event) AND NOT EXISTS"
                   " (SELECT 1 FROM _batch WHERE id BETWEEN first_id AND last_id AND shipped_at > 0)",
                   BATCHES * EVENTS);
    assert_string_equal(lost, "");
    free(lost);
    char *verdict = query_text(after->spool, "PRAGMA integrity_check");
    assert_string_equal(verdict, "ok");
    free(verdict);
    spool_out_close(out);
    scratch_free(after);
}

static void attempts_and_events_survive_a_power_cut_at_any_moment(void **state)
{
    (void)state;
    struct chance chance = chance_begin();
    struct run *run = run_new();
    for (int i = 0; i < BATCHES; i++) run_batch(run, i);
    disk_log_end();
    for (size_t i = 0; i < BATCHES + CUTS; i++) {
        size_t moment = i < BATCHES ? run->tried_at[i] : chance_below(&chance, disk_log_moment() + 1);
        if (moment < 3) continue; /* before the spool itself was there */
        check_after_cut(run, moment, i % 3 == 0 ? 0 : 1 + chance_below(&chance, SIZE_MAX - 1));
    }
    run_free(run);
}

/* One batch, cut right after it was marked: not even that much is waited for. */
static void a_power_cut_may_make_a_shipped_batch_unknown_again(void **state)
{
    (void)state;
    struct run *run = run_new();
    struct scratch *after = scratch_new();
    run_batch(run, 0);
    disk_log_end();
    disk_log_cut(disk_log_moment(), 0, after->dir);
    char *text =
        query_text(after->spool, "SELECT first_id, shipped_at IS NULL, unknown_since > 0 FROM _batch");
    assert_string_equal(text, "1|1|1");
    free(text);
    scratch_free(after);
    run_free(run);
}

/* ---- a person's word, and cutting again ---- */

static const struct key_rules keys = {"new/", DATE_FOLDERS_FALSE};

static void speak(struct run *run, int64_t id, enum resolve_word word)
{
    struct batch like = some_batch(BATCH_EVENTS, 1, 1);
    struct new_shape shape = {&like, &keys, 20};
    struct resolve_order order = {id, word, "somebody", "a note", false, true};
    struct resolve_decision decision;
    struct cut_parts parts;
    must(run->f, spool_resolve(run->f->out, &order, &shape, &decision, &parts, &run->f->why));
    assert_int_equal(decision.verdict, RESOLVE_YES);
}

static void cut(struct run *run, struct batch *batch)
{
    struct batch like = some_batch(BATCH_EVENTS, 1, 1);
    struct new_shape shape = {&like, &keys, 20};
    struct cut_parts parts;
    must(run->f, spool_out_cut_again(run->f->out, batch, &shape, &parts, &run->f->why));
    assert_int_equal(parts.count, 3);
}

/* What of a step that ended at `ended` must be there after a cut; before that, all of it or nothing. */
static void check_all_or_nothing(size_t moment, size_t ended, uint64_t seed, const char *before,
                                 const char *after)
{
    struct scratch *cut_spool = scratch_new();
    disk_log_cut(moment, seed, cut_spool->dir);
    char *problem = tiling_problem(cut_spool->spool, false);
    if (problem) fail_msg("moment %zu, seed %llu: %s", moment, (unsigned long long)seed, problem);
    char *rows = query_text(cut_spool->spool, "SELECT state, resolved_as FROM batches ORDER BY id");
    if (strcmp(rows, after) != 0 && (moment >= ended || strcmp(rows, before) != 0))
        fail_msg("moment %zu of %zu, seed %llu:\n%s", moment, ended, (unsigned long long)seed, rows);
    free(rows);
    scratch_free(cut_spool);
}

static void a_word_or_a_cut_is_all_or_nothing_at_any_moment(void **state)
{
    static const struct {
        const char *after;
        bool is_cut;
        enum resolve_word word;
    } rows[] = {
        {"sealed|\nsuperseded|\nsealed|\nsealed|\nsealed|\nsealed|", true, RESOLVE_RESEAL},
        {"sealed|\nshipped|shipped\nsealed|", false, RESOLVE_SHIPPED},
        {"sealed|\nsuperseded|reseal\nsealed|\nsealed|\nsealed|\nsealed|", false, RESOLVE_RESEAL},
        {"sealed|\nabandoned|abandoned\nsealed|", false, RESOLVE_ABANDONED},
    };
    struct rendition rendition = {.sha256 = "a", .md5 = "b", .bytes = 1};
    (void)state;
    struct chance chance = chance_begin();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run *run = run_new();
        (void)seal(run->f, BATCH_EVENTS, 1, 5);
        struct batch batch = seal(run->f, BATCH_EVENTS, 6, 10);
        (void)seal(run->f, BATCH_EVENTS, 11, 15);
        if (!rows[i].is_cut)
            must(run->f, spool_out_record_attempt(run->f->out, &batch, &rendition, &run->f->why));
        size_t began = disk_log_moment();
        if (rows[i].is_cut)
            cut(run, &batch);
        else
            speak(run, batch.id, rows[i].word);
        disk_log_end();
        size_t ended = disk_log_moment();
        for (size_t moment = began; moment <= ended; moment++)
            for (int k = 0; k < 4; k++)
                check_all_or_nothing(moment, ended, k == 0 ? 0 : 1 + chance_below(&chance, SIZE_MAX - 1),
                                     "sealed|\nsealed|\nsealed|", rows[i].after);
        run_free(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_and_events_survive_a_power_cut_at_any_moment),
        cmocka_unit_test(a_word_or_a_cut_is_all_or_nothing_at_any_moment),
        cmocka_unit_test(a_power_cut_may_make_a_shipped_batch_unknown_again),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
