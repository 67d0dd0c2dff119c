/* test_resolve -- a person's word on a batch: what may be said of which batch, and what then happens in the spool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/spool/resolve.h"

#include <string.h>

#include "common/db.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"
#include "uploader/spool/reship.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct key_rules keys = {"new/", DATE_FOLDERS_FALSE};

/* ---- what may be said ---- */

static void each_cell_of_the_table_is_decided(void **state)
{
    static const struct {
        struct resolve_case c;
        enum resolve_verdict shipped, reseal, abandoned;
        const char *says[RESOLVE_WORD_COUNT]; /* a part of the sentence */
    } rows[] = {
        /* surely not stored */
        {{.state = BATCH_SEALED},
         RESOLVE_NO,
         RESOLVE_YES,
         RESOLVE_YES,
         {"surely not in the store", "none can load twice", "in no object"}},
        {{.state = BATCH_BLOCKED},
         RESOLVE_NO,
         RESOLVE_YES,
         RESOLVE_YES,
         {"would lose 7 events", "7 events are sealed anew", "7 events are given up"}},
        /* of unknown outcome, or blocked on a 412 */
        {{.state = BATCH_SEALED, .may_be_stored = true},
         RESOLVE_YES,
         RESOLVE_YES,
         RESOLVE_YES,
         {"not verified", "up to 7 events may load twice", "its object may be in the store"}},
        {{.state = BATCH_BLOCKED, .may_be_stored = true},
         RESOLVE_YES,
         RESOLVE_YES,
         RESOLVE_YES,
         {"not verified", "highest N counts", "its object may be in the store"}},
        /* on its way */
        {{.state = BATCH_SEALED, .is_in_flight = true},
         RESOLVE_WAIT,
         RESOLVE_WAIT,
         RESOLVE_WAIT,
         {"on its way", "on its way", "on its way"}},
        {{.state = BATCH_BLOCKED, .may_be_stored = true, .is_in_flight = true},
         RESOLVE_WAIT,
         RESOLVE_WAIT,
         RESOLVE_WAIT,
         {"waited for", "waited for", "waited for"}},
        /* abandoned, its rows still there */
        {{.state = BATCH_ABANDONED},
         RESOLVE_YES,
         RESOLVE_YES,
         RESOLVE_DONE,
         {"no try of it was ever taken", "shipped after all", "nothing to do"}},
        {{.state = BATCH_ABANDONED, .may_be_stored = true},
         RESOLVE_YES,
         RESOLVE_YES,
         RESOLVE_DONE,
         {"not verified", "as many may load twice", "nothing to do"}},
        /* a copy, whose rows are in another batch, too */
        {{.state = BATCH_SEALED, .is_copy = true},
         RESOLVE_NO,
         RESOLVE_YES,
         RESOLVE_YES,
         {"this copy is surely not", "again as a copy", "in the batch that it copies"}},
        {{.state = BATCH_BLOCKED, .may_be_stored = true, .is_copy = true},
         RESOLVE_YES,
         RESOLVE_YES,
         RESOLVE_YES,
         {"this copy counts as shipped", "load twice, as was asked for", "although its object may be"}},
        /* shipped, superseded */
        {{.state = BATCH_SHIPPED},
         RESOLVE_NO,
         RESOLVE_NO,
         RESOLVE_NO,
         {"reship --new-keys", "reship --new-keys", "reship --new-keys"}},
        {{.state = BATCH_SUPERSEDED, .may_be_stored = true},
         RESOLVE_NO,
         RESOLVE_NO,
         RESOLVE_NO,
         {"reship --new-keys", "reship --new-keys", "whose reship_of names it"}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct resolve_case c = rows[i].c;
        const enum resolve_verdict expected[] = {rows[i].shipped, rows[i].reseal, rows[i].abandoned};
        c.has_all_rows = c.is_kind_on = true;
        c.count = 7;
        for (enum resolve_word word = 0; word < RESOLVE_WORD_COUNT; word++) {
            struct resolve_decision decision;
            resolve_decide(&c, word, &decision);
            if (decision.verdict != expected[word] || !strstr(decision.text, rows[i].says[word]))
                fail_msg("row %zu, %s: %d, %s", i, resolve_word_name(word), (int)decision.verdict,
                         decision.text);
        }
    }
}

static void nothing_is_sealed_anew_without_its_rows_or_its_kind(void **state)
{
    static const struct resolve_case cases[] = {
        {.state = BATCH_SEALED, .is_kind_on = true},
        {.state = BATCH_BLOCKED, .may_be_stored = true, .is_kind_on = true},
        {.state = BATCH_ABANDONED, .is_kind_on = true},
        {.state = BATCH_SEALED, .has_all_rows = true, .kind = BATCH_REJECTS},
        {.state = BATCH_ABANDONED, .has_all_rows = true, .kind = BATCH_REJECTS},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct resolve_decision decision;
        resolve_decide(&cases[i], RESOLVE_RESEAL, &decision);
        assert_int_equal(decision.verdict, RESOLVE_NO);
        assert_non_null(
            strstr(decision.text, cases[i].has_all_rows ? "REJECTS_PREFIX=none" : "no longer in the spool"));
    }
    struct resolve_case gone = {.state = BATCH_ABANDONED, .is_kind_on = true};
    struct resolve_decision decision;
    resolve_decide(&gone, RESOLVE_SHIPPED, &decision);
    assert_int_equal(decision.verdict, RESOLVE_NO);
}

static void words_are_read_by_their_names(void **state)
{
    enum resolve_word word;
    (void)state;
    for (enum resolve_word w = 0; w < RESOLVE_WORD_COUNT; w++)
        assert_true(resolve_word_of(resolve_word_name(w), &word) && word == w);
    assert_false(resolve_word_of("ship", &word) || resolve_word_of("", &word) ||
                 resolve_word_of("RESEAL", &word));
}

/* ---- what then happens ---- */

static enum result try_resolve(struct fixture *f, int64_t id, enum resolve_word word, const char *note,
                               struct resolve_decision *decision, struct cut_parts *parts)
{
    struct batch like = some_batch(BATCH_EVENTS, 1, 1);
    struct new_shape shape = {&like, &keys, 20};
    struct resolve_order order = {id, word, "founder (uid 1000)", note, false, true};
    return spool_resolve(f->out, &order, &shape, decision, parts, &f->why);
}

static enum resolve_verdict resolve(struct fixture *f, int64_t id, enum resolve_word word, const char *note)
{
    struct resolve_decision decision = {RESOLVE_NO, ""};
    struct cut_parts parts;
    must(f, try_resolve(f, id, word, note, &decision, &parts));
    check_tiling(f);
    return decision.verdict;
}

/* Three batches; the middle one, 4 to 9, is of unknown outcome. */
static struct batch doubtful(struct fixture *f, enum batch_kind kind)
{
    struct rendition rendition = {.sha256 = "a", .md5 = "b", .bytes = 1};
    (kind == BATCH_EVENTS ? some_spool_add_events : some_spool_add_rejects)(f->scratch->spool, 12, 10,
                                                                            SOME_TIME);
    (void)seal(f, kind, 1, 3);
    struct batch middle = seal(f, kind, 4, 9);
    (void)seal(f, kind, 10, 12);
    must(f, spool_out_record_attempt(f->out, &middle, &rendition, &f->why));
    return middle;
}

#define RESOLVED                                                                                             \
    "SELECT state, may_be_stored, verified, resolved_as, resolved_by, resolved_note, resolved_at IS NOT "    \
    "NULL"                                                                                                   \
    " FROM batches WHERE id = 2"

static void a_word_of_shipped_is_not_verified_and_starts_retention(void **state)
{
    struct fixture *f = *state;
    (void)doubtful(f, BATCH_EVENTS);
    assert_int_equal(resolve(f, 2, RESOLVE_SHIPPED, "seen in the console"), RESOLVE_YES);
    check_text(f, RESOLVED, "shipped|0|0|shipped|founder (uid 1000)|seen in the console|1");
    check_text(f, "SELECT events, abandoned_events FROM summary", "6|0");
    int64_t kept_from = query_int(f->scratch->spool, "SELECT kept_from FROM _batch WHERE id = 2");
    assert_true(kept_from >= spool_out_kept_ms(f->out) - 60000 && kept_from <= spool_out_kept_ms(f->out));
    assert_int_equal(resolve(f, 2, RESOLVE_ABANDONED, NULL), RESOLVE_NO);
    check_text(f, RESOLVED, "shipped|0|0|shipped|founder (uid 1000)|seen in the console|1");
}

static void a_batch_given_up_keeps_its_place_and_is_settled(void **state)
{
    struct fixture *f = *state;
    int64_t left = 0;
    int64_t purged = 0;
    (void)doubtful(f, BATCH_EVENTS);
    assert_int_equal(resolve(f, 2, RESOLVE_ABANDONED, NULL), RESOLVE_YES);
    check_text(f, RESOLVED, "abandoned|1||abandoned|founder (uid 1000)||1");
    check_text(f, "SELECT events, abandoned_events FROM summary; SELECT count(*) FROM backlog", "6|6\n6");
    check_text(f, "SELECT DISTINCT state FROM events WHERE id BETWEEN 4 AND 9", "abandoned");
    must(f, spool_out_count_unshipped(f->out, BATCH_EVENTS, 12, &left, &f->why));
    assert_int_equal(left, 6);
    assert_int_equal(resolve(f, 2, RESOLVE_ABANDONED, NULL), RESOLVE_DONE);
    must(f, spool_out_purge(f->out, BATCH_EVENTS, INT64_MAX, &purged, &f->why));
    assert_int_equal(purged, 6);
    check_tiling(f);
    assert_int_equal(resolve(f, 2, RESOLVE_RESEAL, NULL), RESOLVE_NO);
}

static void rows_sealed_anew_get_the_next_number_where_they_may_be_stored(void **state)
{
    struct fixture *f = *state;
    (void)doubtful(f, BATCH_EVENTS);
    assert_int_equal(resolve(f, 2, RESOLVE_RESEAL, "the bucket is gone"), RESOLVE_YES);
    check_text(f, RESOLVED, "superseded|1||reseal|founder (uid 1000)|the bucket is gone|1");
    check_text(f, "SELECT first_id, last_id, repetition FROM _batch WHERE reship_of = 2",
               "4|5|2\n6|7|2\n8|9|2");
    assert_int_equal(resolve(f, 1, RESOLVE_RESEAL, NULL), RESOLVE_YES);
    check_text(f, "SELECT first_id, last_id, repetition FROM _batch WHERE reship_of = 1", "1|2|1\n3|3|1");
}

static void a_batch_given_up_is_taken_back_while_its_rows_are_there(void **state)
{
    struct fixture *f = *state;
    (void)doubtful(f, BATCH_EVENTS);
    assert_int_equal(resolve(f, 2, RESOLVE_ABANDONED, NULL), RESOLVE_YES);
    assert_int_equal(resolve(f, 2, RESOLVE_RESEAL, NULL), RESOLVE_YES);
    check_text(f, RESOLVED, "superseded|1||reseal|founder (uid 1000)||1");
    check_text(f, "SELECT min(first_id), max(last_id), min(repetition) FROM _batch WHERE reship_of = 2",
               "4|9|2");
    assert_int_equal(resolve(f, 1, RESOLVE_ABANDONED, NULL), RESOLVE_YES);
    assert_int_equal(resolve(f, 1, RESOLVE_SHIPPED, NULL), RESOLVE_YES);
    check_text(f, "SELECT state, verified FROM batches WHERE id = 1; SELECT abandoned_events FROM summary",
               "shipped|0\n0");
}

static void rejects_and_copies_are_resolved_likewise(void **state)
{
    struct fixture *f = *state;
    int64_t copy_id = 0;
    bool is_new = false;
    (void)doubtful(f, BATCH_REJECTS);
    assert_int_equal(resolve(f, 2, RESOLVE_ABANDONED, NULL), RESOLVE_YES);
    check_text(
        f,
        "SELECT DISTINCT state FROM rejects WHERE id BETWEEN 4 AND 9; SELECT abandoned_events FROM summary",
        "abandoned\n0");
    some_spool_add_events(f->scratch->spool, 3, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 3);
    ship(f, &batch);
    must(f, db_begin(spool_out_db(f->out), &f->why));
    must(f, spool_reship_copy(f->out, &batch, &copy_id, &is_new, &f->why));
    must(f, db_end(spool_out_db(f->out), RES_OK, &f->why));
    assert_int_equal(resolve(f, copy_id, RESOLVE_RESEAL, NULL), RESOLVE_YES);
    check_text(f, "SELECT first_id, is_copy, repetition FROM _batch WHERE reship_of = 5", "1|1|3\n3|1|3");
    assert_int_equal(resolve(f, 6, RESOLVE_ABANDONED, NULL), RESOLVE_YES);
    check_text(f, "SELECT DISTINCT state FROM events; SELECT abandoned_events FROM summary", "shipped\n0");
}

static void an_unknown_batch_is_refused(void **state)
{
    struct fixture *f = *state;
    struct resolve_decision decision;
    struct cut_parts parts;
    (void)doubtful(f, BATCH_EVENTS);
    assert_int_equal(try_resolve(f, 4, RESOLVE_ABANDONED, NULL, &decision, &parts), RES_REFUSE);
    assert_non_null(strstr(f->why.text, "there is no batch 4"));
}

static void a_word_is_all_or_nothing_whichever_disk_call_fails(void **state)
{
    static const char *const after[RESOLVE_WORD_COUNT] = {
        "sealed|\nshipped|shipped\nsealed|", "sealed|\nsuperseded|reseal\nsealed|\nsealed|\nsealed|\nsealed|",
        "sealed|\nabandoned|abandoned\nsealed|"};
    (void)state;
    for (enum resolve_word word = 0; word < RESOLVE_WORD_COUNT; word++) {
        bool fired = true;
        for (int nth = 1; fired; nth++) {
            struct fixture *f = fixture_new();
            struct resolve_decision decision;
            struct cut_parts parts;
            (void)doubtful(f, BATCH_EVENTS);
            fault_disk_at(nth, (enum fault)(nth % FAULT_COUNT));
            enum result res = try_resolve(f, 2, word, "note", &decision, &parts);
            fired = fault_fired();
            assert_int_equal(res, fired ? RES_RETRY : RES_OK);
            check_tiling(f);
            if (fired) {
                check_text(f, "SELECT state, resolved_as FROM batches", "sealed|\nsealed|\nsealed|");
                must(f, try_resolve(f, 2, word, "note", &decision, &parts));
            }
            check_text(f, "SELECT state, resolved_as FROM batches", after[word]);
            check_tiling(f);
            fixture_free(f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cell_of_the_table_is_decided),
        cmocka_unit_test(nothing_is_sealed_anew_without_its_rows_or_its_kind),
        cmocka_unit_test(words_are_read_by_their_names),
        IN_SPOOL(a_word_of_shipped_is_not_verified_and_starts_retention),
        IN_SPOOL(a_batch_given_up_keeps_its_place_and_is_settled),
        IN_SPOOL(rows_sealed_anew_get_the_next_number_where_they_may_be_stored),
        IN_SPOOL(a_batch_given_up_is_taken_back_while_its_rows_are_there),
        IN_SPOOL(rejects_and_copies_are_resolved_likewise),
        IN_SPOOL(an_unknown_batch_is_refused),
        cmocka_unit_test(a_word_is_all_or_nothing_whichever_disk_call_fails),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
