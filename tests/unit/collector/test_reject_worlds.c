/*
 * test_reject_worlds -- rejects above and below the cap in random worlds: transactions that succeed or fail, batches that
 * are shipped or blocked, retries, dismissals, purges, restarts, and hours that pass. TEST_WORLDS sets how many.
 *
 * What holds after each step: for each sender and reason the spool has exactly the bytes and the number of rejects that
 * were committed; what unshipped rejects take is the sum of their rows; a row that is sealed, retried or dismissed never
 * changes; and a full spool takes at most a row for each sender and reason of a transaction. In crowded worlds, where
 * thousands of addresses send, the books are kept by reason: an address has in rows of its own no more than it sent, and
 * a full spool takes no more rows than may wait, times the hours that have passed and what has ended rows before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/reject_rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/spool/reject_cap.h"
#include "common/buf.h"
#include "common/sql.h"
#include "tests/support/chance.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/rejects_fixture.h"
#include "tests/support/sanitized.h"

#define WORLDS  (IS_SANITIZED ? 3 : 8)
#define STEPS   40
#define SENDERS 5
#define REASONS 3
#define MOST    40 /* rejects in a transaction, */
#define CROWD   15 /* times as many in a crowded world */
#define OPEN    "(SELECT id FROM rejects WHERE state IN ('pending', 'sealed'))"
#define STANDS_FOR                                                                                           \
    "CASE WHEN detail LIKE '%%stands for %%' THEN CAST(substr(detail, instr(detail, 'stands for ') + 11) AS" \
    " INTEGER) ELSE 1 END"

static char payload[9000];

struct world {
    struct rejects_fixture *f;
    struct chance chance;
    int64_t time, max_bytes;
    int64_t bytes[SENDERS][REASONS], count[SENDERS][REASONS]; /* of committed rejects */
    bool is_crowded;
    int64_t ends;             /* crowded: what has ended rows before their hour was over */
    int64_t sent[REASONS][2]; /* crowded: bytes and number of committed rejects */
    char addresses[MOST * CROWD][64];
};

static const char *const senders[SENDERS] = {"192.0.2.1", "192.0.2.10", "192.0.2.2", "192.0.2.3", "::1"};
static const enum reject_reason reasons[REASONS] = {REJECT_DOCTYPE, REJECT_MALFORMED, REJECT_OVERSIZE};

static const char *some_address(struct chance *chance, char text[64])
{
    unsigned host = (unsigned)chance_below(chance, 5000);
    if (chance_below(chance, 2) == 0)
        (void)snprintf(text, 64, "10.0.%u.%u", host / 250, host % 250);
    else
        (void)snprintf(text, 64, "2001:db8:0:%zu::%x", chance_below(chance, 300), host);
    return text;
}

/* As some_transaction(), of addresses that mostly come once. */
static void crowded_transaction(struct world *w)
{
    static struct reject rejects[MOST * CROWD];
    size_t count = chance_below(&w->chance, MOST * CROWD) + 1;
    bool fails = chance_below(&w->chance, 6) == 0;
    for (size_t i = 0; i < count; i++) {
        size_t sender = chance_below(&w->chance, 10 * SENDERS);
        size_t reason = chance_below(&w->chance, REASONS);
        const char *source = sender < SENDERS ? senders[sender] : some_address(&w->chance, w->addresses[i]);
        rejects[i] = some_reject_of(source, reasons[reason], payload, chance_below(&w->chance, 20) + 1);
        rejects[i].received_at = w->time;
        if (fails) continue;
        w->sent[reason][0] += (int64_t)rejects[i].bytes;
        w->sent[reason][1]++;
        if (sender < SENDERS) w->bytes[sender][reason] += (int64_t)rejects[i].bytes;
    }
    append_rejects(w->f, rejects, count, fails);
    w->ends += fails;
}

static void some_transaction(struct world *w)
{
    struct reject rejects[MOST];
    bool has_key[SENDERS][REASONS] = {{false}};
    const char *path = path_of(w->f);
    int64_t keys = 0;
    size_t count = chance_below(&w->chance, MOST) + 1;
    bool fails = chance_below(&w->chance, 6) == 0;
    int64_t rows = query_int(path, "SELECT count(*) FROM _reject");
    bool was_full = query_int(path, "%s", sql_load_unshipped_rejects) >= w->max_bytes;
    for (size_t i = 0; i < count; i++) {
        size_t sender = chance_below(&w->chance, SENDERS);
        size_t reason = chance_below(&w->chance, REASONS);
        size_t len = chance_below(&w->chance, 8) == 0 ? chance_below(&w->chance, sizeof payload) + 1
                                                      : chance_below(&w->chance, 20) + 1;
        rejects[i] = some_reject_of(senders[sender], reasons[reason], payload, len);
        rejects[i].received_at = w->time;
        rejects[i].bytes += chance_below(&w->chance, 10) == 0 ? 100000 : 0; /* the framer has cut it */
        keys += !has_key[sender][reason];
        has_key[sender][reason] = true;
        if (fails) continue;
        w->bytes[sender][reason] += (int64_t)rejects[i].bytes;
        w->count[sender][reason]++;
    }
    append_rejects(w->f, rejects, count, fails);
    int64_t added = query_int(path, "SELECT count(*) FROM _reject") - rows;
    if (was_full) assert_true(added <= keys); /* at most a row for each sender and reason */
}

/* From here on these rows must not change. */
static void fix_rows(struct world *w)
{
    query_do(
        path_of(w->f),
        "INSERT OR IGNORE INTO fixed SELECT id, bytes, detail, source FROM rejects WHERE state <> 'pending'");
}

static void some_seal(struct world *w)
{
    const char *path = path_of(w->f);
    int64_t first =
        query_int(path, "SELECT coalesce(max(last_id), 0) + 1 FROM _batch WHERE kind = 'rejects'");
    int64_t last = query_int(path, "SELECT last_reject_id FROM _intake");
    if (first > last) return;
    last = first + (int64_t)chance_below(&w->chance, (size_t)(last - first + 1));
    seal_rejects(w->f, first, last, chance_below(&w->chance, 3) == 0 ? ", blocked_at" : ", shipped_at",
                 ", 1");
}

static void some_purge(struct world *w)
{
    query_do(path_of(w->f),
             "CREATE TEMP TABLE gone AS SELECT id FROM _reject WHERE id <= (SELECT last_id FROM _batch"
             " WHERE first_id = (SELECT min(id) FROM _reject) AND shipped_at IS NOT NULL);"
             "INSERT INTO purged SELECT source, reason, detail, bytes FROM _reject JOIN gone USING (id);"
             "DELETE FROM fixed WHERE id IN (SELECT id FROM gone);"
             "DELETE FROM _reject WHERE id IN (SELECT id FROM gone)");
}

static void some_step(struct world *w)
{
    const char *path = path_of(w->f);
    size_t step = chance_below(&w->chance, w->is_crowded ? 36 : 12);
    w->time += (int64_t)chance_below(&w->chance, REJECT_CAP_MS / 3);
    w->ends += step < 6; /* less than one in six where it is crowded: the bound is to be tight */
    switch (step) {
    case 0: some_seal(w); break;
    case 1: query_do(path, "UPDATE _batch SET shipped_at = 1 WHERE id %% 2 = 0"); break;
    case 2:
        query_do(path, "UPDATE _reject SET dismissed_at = 1 WHERE retried_at IS NULL AND id %% 7 = 1");
        break;
    case 3:
        query_do(path, "UPDATE _reject SET retried_at = 1 WHERE dismissed_at IS NULL AND id %% 11 = 1"
                       " AND length(payload) = bytes");
        break;
    case 4: reopen_all(w->f, w->max_bytes); break;
    case 5: some_purge(w); break;
    default: (w->is_crowded ? crowded_transaction : some_transaction)(w); break;
    }
    fix_rows(w);
}

/* What the spool must have of it: sums for each sender and reason. */
static char *committed(const struct world *w)
{
    struct buf text = BUF_EMPTY;
    for (int s = 0; s < SENDERS; s++)
        for (int r = 0; r < REASONS; r++)
            if (w->count[s][r] > 0)
                buf_append_format(&text, "%s%s|%s|%" PRId64 "|%" PRId64, text.len > 0 ? "\n" : "", senders[s],
                                  reject_reason_name(reasons[r]), w->bytes[s][r], w->count[s][r]);
    buf_append_char(&text, '\0');
    return text.data;
}

#define ALL_ROWS "(SELECT source, reason, detail, bytes FROM _reject UNION ALL SELECT * FROM purged)"

static void check_crowd(const struct world *w)
{
    const char *path = path_of(w->f);
    int64_t hours = (w->time - TIME) / REJECT_CAP_MS;
    assert_true(query_int(path, "SELECT last_reject_id FROM _intake") <=
                REJECT_CAP_PLACES * (1 + w->ends + hours));
    for (int r = 0; r < REASONS; r++) {
        const char *reason = reject_reason_name(reasons[r]);
        assert_int_equal(
            query_int(path, "SELECT coalesce(sum(bytes), 0) FROM " ALL_ROWS " WHERE reason = '%s'", reason),
            w->sent[r][0]);
        assert_int_equal(
            query_int(path, "SELECT coalesce(sum(" STANDS_FOR "), 0) FROM " ALL_ROWS " WHERE reason = '%s'",
                      reason),
            w->sent[r][1]);
        for (int s = 0; s < SENDERS; s++)
            assert_true(query_int(path,
                                  "SELECT coalesce(sum(bytes), 0) FROM " ALL_ROWS
                                  " WHERE reason = '%s' AND source = '%s'",
                                  reason, senders[s]) <= w->bytes[s][r]);
    }
}

static void check_senders(const struct world *w)
{
    char *text = query_text(path_of(w->f), "SELECT source, reason, sum(bytes), sum(" STANDS_FOR
                                           ") FROM " ALL_ROWS " GROUP BY 1, 2 ORDER BY 1, 2");
    char *expected = committed(w);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
}

static void check_world(struct world *w)
{
    const char *path = path_of(w->f);
    int64_t counted = 0;
    int64_t exact = query_int(path, "SELECT coalesce(sum(row_bytes), 0) FROM _reject WHERE id IN " OPEN);
    assert_int_equal(query_int(path, "%s", sql_load_unshipped_rejects), exact);
    must_do(w->f, reject_rows_unshipped(w->f->rows, &counted, &w->f->why));
    assert_true(counted >= exact);
    (w->is_crowded ? check_crowd : check_senders)(w);
    assert_int_equal(query_int(path, "SELECT count(*) FROM fixed x LEFT JOIN _reject j USING (id)"
                                     " WHERE j.bytes IS NOT x.bytes OR j.detail IS NOT x.detail"
                                     " OR j.source IS NOT x.source"),
                     0);
}

static void run_worlds(bool are_crowded)
{
    struct chance chance = chance_begin();
    const char *worlds = getenv("TEST_WORLDS");
    for (int i = worlds ? atoi(worlds) : WORLDS; i > 0; i--) {
        static struct world w;
        w = (struct world){.chance = chance, .time = TIME, .is_crowded = are_crowded};
        w.max_bytes = are_crowded ? 1 : (int64_t)chance_below(&w.chance, 3) * 20000 + 1;
        w.f = rejects_fixture_new(w.max_bytes);
        query_do(path_of(w.f),
                 "CREATE TABLE fixed (id INTEGER PRIMARY KEY, bytes INTEGER, detail TEXT, source TEXT);"
                 "CREATE TABLE purged (source TEXT, reason TEXT, detail TEXT, bytes INTEGER)");
        reopen_all(w.f, w.max_bytes); /* it has the new tables */
        for (int k = 0; k < STEPS; k++) {
            some_step(&w);
            check_world(&w);
        }
        chance = w.chance;
        rejects_fixture_free(w.f);
    }
}

static void no_byte_is_lost_or_counted_twice_in_random_worlds(void **state)
{
    (void)state;
    run_worlds(false);
}

static void a_crowd_of_addresses_takes_a_bounded_number_of_rows(void **state)
{
    (void)state;
    run_worlds(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_of_addresses_takes_a_bounded_number_of_rows),
        cmocka_unit_test(no_byte_is_lost_or_counted_twice_in_random_worlds),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
