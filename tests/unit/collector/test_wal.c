/* test_wal -- the write-ahead log of the collector: its place, its length, and that it begins again beside readers. */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/intake/group.h"
#include "collector/spool/checkpointer.h"
#include "collector/spool/wal.h"
#include "collector/spool/wal_barrier.h"
#include "collector/spool/wal_policy.h"
#include "common/clock.h"
#include "common/db.h"
#include "common/lockfile.h"
#include "common/problems.h"
#include "common/spool.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/in_fixture.h"

/* ---- its place and its length ---- */

static void settling_empties_the_write_ahead_log(void **state)
{
    struct fixture *f = *state;
    char wal[256];
    size_t len;
    (void)snprintf(wal, sizeof wal, "%s-wal", f->scratch->spool);
    append(f, 1, 10, 0);
    assert_true(wal_bytes(spool_in_wal(f->in)) > 0);
    assert_int_equal(wal_settle(spool_in_wal(f->in), &f->why), RES_OK);
    free(scratch_read(wal, &len));
    assert_int_equal(len, 0);
    append(f, 11, 10, 0);
    check_books(f->scratch->spool);
}

static void a_checkpoint_between_groups_lets_the_log_begin_again(void **state)
{
    struct fixture *f = *state;
    append(f, 1, 2000, 0);
    int64_t before = wal_bytes(spool_in_wal(f->in));
    assert_true(wal_finish(spool_in_wal(f->in)));
    append(f, 2001, 1, 0);
    assert_true(wal_bytes(spool_in_wal(f->in)) < before);
    check_books(f->scratch->spool);
}

static void wal_path(const struct fixture *f, char out[200])
{
    (void)snprintf(out, 200, "%s-wal", f->scratch->spool);
}

/* A copy of the file alone, without any log: all of it is there. */
static void check_file_alone(struct fixture *f, int64_t events)
{
    struct scratch *copy = scratch_new();
    scratch_copy(f->scratch->spool, copy->spool);
    assert_int_equal(query_int(copy->spool, "SELECT count(*) FROM _event"), events);
    check_books(copy->spool);
    scratch_free(copy);
}

static void a_deleted_logs_contents_are_moved_into_the_file(void **state)
{
    struct fixture *f = *state;
    char wal[200];
    wal_path(f, wal);
    append(f, 1, 50, 2);
    must(f, wal_keep(spool_in_wal(f->in), &f->why));
    assert_false(wal_is_lost(spool_in_wal(f->in)));
    assert_int_equal(unlink(wal), 0);
    append(f, 51, 50, 2);
    assert_true(wal_is_lost(spool_in_wal(f->in)));
    assert_false(scratch_exists(wal));
    append(f, 101, 50, 2);
    check_file_alone(f, 150);
}

static void nothing_is_appended_beside_another_programs_log(void **state)
{
    struct fixture *f = *state;
    char wal[200];
    struct group *group = some_group(51, 5, 0);
    wal_path(f, wal);
    append(f, 1, 50, 0);
    assert_int_equal(unlink(wal), 0);
    scratch_write(wal, "", 0); /* another program has opened the spool */
    assert_int_equal(append_once(f->in, group, &f->why), RES_BROKEN);
    assert_true(wal_is_lost(spool_in_wal(f->in)));
    assert_non_null(strstr(f->why.remedy, "stop the uploader and the collector"));
    must(f, wal_keep(spool_in_wal(f->in), &f->why)); /* it has not written: ours can still be saved */
    struct scratch *copy = scratch_new();
    scratch_copy(f->scratch->spool, copy->spool);
    assert_int_equal(query_int(copy->spool, "SELECT count(*) FROM _event"), 50);
    scratch_free(copy);

    scratch_write(wal, "written", 7);
    assert_int_equal(wal_keep(spool_in_wal(f->in), &f->why), RES_BROKEN);
    group_free(group);
    assert_int_equal(unlink(wal), 0);
}

static void index_path(const struct fixture *f, char out[200])
{
    (void)snprintf(out, 200, "%s-shm", f->scratch->spool);
}

static void the_log_of_a_deleted_index_is_moved_into_the_file(void **state)
{
    struct fixture *f = *state;
    char index[200];
    size_t len;
    index_path(f, index);
    append(f, 1, 50, 2);
    assert_int_equal(unlink(index), 0);
    append(f, 51, 50, 2);
    assert_true(wal_is_lost(spool_in_wal(f->in)));
    free(scratch_read(index, &len)); /* this closes it: a process has its own locks no more */
    assert_int_equal(len, 0);
    append(f, 101, 50, 2);
    check_file_alone(f, 150);
}

static void beside_another_index_nothing_is_written_anywhere(void **state)
{
    struct fixture *f = *state;
    char index[200];
    struct why why = {0};
    struct group *group = some_group(51, 5, 0);
    index_path(f, index);
    append(f, 1, 50, 0);
    assert_int_equal(unlink(index), 0);
    scratch_write(index, "an index", 8);
    assert_int_equal(append_once(f->in, group, &f->why), RES_BROKEN);
    assert_non_null(strstr(f->why.text, "-shm was replaced"));
    assert_int_equal(wal_keep(spool_in_wal(f->in), &f->why), RES_BROKEN);
    assert_false(wal_finish(spool_in_wal(f->in)));
    assert_int_equal(db_exec(spool_in_db(f->in), "DELETE FROM _sender", &why), RES_BROKEN);
    assert_non_null(strstr(why.text, "-shm was replaced"));
    spool_in_close(f->in); /* the last to close the spool */
    f->in = NULL;
    struct scratch *copy = scratch_new();
    scratch_copy(f->scratch->spool, copy->spool);
    assert_int_equal(query_int(copy->spool, "SELECT count(*) FROM sqlite_schema"), 0);
    scratch_free(copy);

    assert_int_equal(unlink(index), 0);
    open_spool(f);
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _event"), 50);
    group_free(group);
}

/* ---- keeping new readers out ---- */

/* Another program's connection. */
static struct db *reader_open(struct fixture *f)
{
    struct db *db;
    must(f, db_open(&db, f->scratch->spool, 0, &f->why));
    return db;
}

static void begin_reading(struct fixture *f, struct db *db)
{
    must(f, db_exec(db, "BEGIN; SELECT count(*) FROM _event", &f->why));
}

static void end_reading(struct fixture *f, struct db *db)
{
    must(f, db_exec(db, "COMMIT", &f->why));
}

static struct wal_barrier *barrier_open(struct fixture *f)
{
    struct wal_barrier *barrier;
    must(f, wal_barrier_open(&barrier, f->scratch->spool, &f->why));
    return barrier;
}

/* Could a new reader lock the newest mark, or make one at the log's end? To ask SQLite would take its ten seconds. */
static bool can_begin_to_read(struct fixture *f)
{
    struct db *db = spool_in_db(f->in);
    struct db_marks marks;
    int newest = -1;
    assert_true(db_load_marks(db, &marks));
    for (int i = 0; i < DB_READ_MARKS; i++)
        if (marks.marks[i] <= marks.frames && (newest < 0 || marks.marks[i] >= marks.marks[newest]))
            newest = i;
    if (newest < 0 || marks.marks[newest] < marks.frames) return true;
    bool is_free = db_lock_mark(db, newest);
    if (is_free) db_unlock_mark(db, newest);
    return is_free;
}

static void a_raised_barrier_holds_the_mark_that_a_new_reader_needs(void **state)
{
    struct fixture *f = *state;
    struct wal_barrier *barrier = barrier_open(f);
    append(f, 1, 10, 0);
    assert_true(can_begin_to_read(f));
    assert_false(wal_barrier_raise(barrier)); /* nothing is reserved */
    assert_true(wal_barrier_reserve(barrier));
    assert_true(can_begin_to_read(f));
    assert_true(wal_barrier_raise(barrier));
    assert_false(can_begin_to_read(f));
    wal_barrier_lower(barrier);
    assert_true(can_begin_to_read(f));
    wal_barrier_close(barrier);
    check_books(f->scratch->spool);
}

static void readers_of_now_are_counted_and_go_on_behind_a_barrier(void **state)
{
    struct fixture *f = *state;
    struct wal_barrier *barrier = barrier_open(f);
    struct db *db = reader_open(f);
    int64_t rows = 0;
    append(f, 1, 10, 0);
    begin_reading(f, db);
    append(f, 11, 10, 0);
    assert_true(wal_barrier_reserve(barrier));
    assert_true(wal_barrier_raise(barrier));
    assert_int_equal(wal_barrier_count_marks(barrier), 1);
    must(f, db_get_int(db, "SELECT count(*) FROM _event", &rows, &f->why));
    assert_int_equal(rows, 10);
    end_reading(f, db);
    assert_int_equal(wal_barrier_count_marks(barrier), 0);
    wal_barrier_close(barrier);
    db_close(db);
    check_books(f->scratch->spool);
}

static void the_log_begins_again_after_a_barrier_is_released_and_not_before(void **state)
{
    struct fixture *f = *state;
    struct wal *wal = spool_in_wal(f->in);
    struct wal_barrier *barrier = barrier_open(f);
    append(f, 1, 2000, 0);
    int64_t before = wal_bytes(wal);
    assert_true(wal_barrier_reserve(barrier));
    assert_true(wal_finish(wal));
    append(f, 2001, 1, 0);
    assert_true(wal_bytes(wal) > before);
    assert_true(wal_finish(wal));
    wal_barrier_release(barrier);
    append(f, 2002, 1, 0);
    assert_true(wal_bytes(wal) < before);
    wal_barrier_close(barrier);
    check_books(f->scratch->spool);
}

static void too_many_readers_leave_no_mark_to_reserve(void **state)
{
    struct fixture *f = *state;
    struct wal_barrier *barrier = barrier_open(f);
    struct db *readers[3];
    for (int i = 0; i < 3; i++) { /* each with a mark of its own */
        readers[i] = reader_open(f);
        append(f, 1 + 10 * i, 10, 0);
        begin_reading(f, readers[i]);
    }
    append(f, 31, 10, 0);
    assert_false(wal_barrier_reserve(barrier));
    end_reading(f, readers[0]);
    assert_true(wal_barrier_reserve(barrier));
    for (int i = 1; i < 3; i++) end_reading(f, readers[i]);
    for (int i = 0; i < 3; i++) db_close(readers[i]);
    wal_barrier_close(barrier);
    check_books(f->scratch->spool);
}

/* ---- keeping it short ---- */

struct service { /* what a running collector has besides */
    struct lockfile lock;
    struct problems *problems;
    struct checkpointer *checkpointer;
};

static void service_start(struct fixture *f, struct service *s)
{
    must(f, lockfile_take(&s->lock, f->scratch->spool, "collector", &f->why));
    s->problems = problems_open(&s->lock, "collector");
    must(f, checkpointer_start(&s->checkpointer, f->scratch->spool, &f->why));
    wal_watch(spool_in_wal(f->in), &(struct wal_parts){s->checkpointer, s->problems, f->scratch->spool});
}

static void service_stop(struct service *s)
{
    checkpointer_stop(s->checkpointer);
    problems_close(s->problems);
    lockfile_release(&s->lock);
}

/* Appends groups until the log has some bytes, or begins again. */
static void append_until(struct fixture *f, int *next, int64_t bytes)
{
    struct wal *wal = spool_in_wal(f->in);
    int64_t before = 0;
    while (wal_bytes(wal) < bytes && wal_bytes(wal) >= before) {
        before = wal_bytes(wal);
        append(f, *next, 500, 0);
        *next += 500;
        wal_maintain(wal, true);
    }
}

static void the_thread_has_its_result_when_it_has_ended(void **state)
{
    struct fixture *f = *state;
    struct service s;
    struct db_wal wal;
    int64_t began_at = 0;
    service_start(f, &s);
    append(f, 1, 500, 0);
    assert_false(checkpointer_is_copying(s.checkpointer));
    assert_false(checkpointer_take_result(s.checkpointer, &wal, &began_at));
    checkpointer_nudge(s.checkpointer);
    while (checkpointer_is_copying(s.checkpointer))
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_true(checkpointer_take_result(s.checkpointer, &wal, &began_at));
    assert_true(wal.frames > 0 && wal.copied == wal.frames && began_at > 0);
    service_stop(&s);
}

/*
 * One of two readers always reads, and the second begins where the first has seen more: no checkpoint ever finds nobody.
 * The turns are taken between two groups until the writer keeps the next one out.
 */
static void the_log_begins_again_beside_readers_that_overlap(void **state)
{
    struct fixture *f = *state;
    struct service s;
    struct wal *wal = spool_in_wal(f->in);
    struct db *readers[2] = {reader_open(f), reader_open(f)};
    int next = 1;
    int turns = 0;
    service_start(f, &s);
    begin_reading(f, readers[0]);
    append_until(f, &next, SPOOL_WAL_RESTART_BYTES + 1);
    int64_t longest = wal_bytes(wal);
    for (bool is_begun = false; !is_begun && turns < 20000; turns++) {
        struct db *old = readers[turns % 2];
        struct db *new = readers[(turns + 1) % 2];
        bool is_open = can_begin_to_read(f);
        if (is_open) begin_reading(f, new);
        end_reading(f, old);
        assert_int_equal(is_open, !wal_keeps_out(wal));
        if (!is_open) {
            append_until(f, &next, INT64_MAX);
            break;
        }
        int64_t before = wal_bytes(wal);
        append(f, next++, 1, 0);
        wal_maintain(wal, true);
        is_begun = wal_bytes(wal) < before;
        longest = before > longest ? before : longest;
    }
    assert_true(wal_bytes(wal) < SPOOL_WAL_PASSIVE_BYTES);
    assert_true(longest < 100 << 20);
    service_stop(&s);
    for (int i = 0; i < 2; i++) db_close(readers[i]);
    check_books(f->scratch->spool);
}

/* A program that uses the spool beside the collector, as short as the uploader, but without a pause. */
struct neighbour {
    struct db *db;
    const char *begin; /* a transaction that it holds for a moment */
    int pauses;        /* of a moment each, between two */
    pthread_t thread;
    atomic_bool is_stopping;
    enum result res;
    struct why why;
};

static void *use_spool(void *context)
{
    struct neighbour *n = context;
    const struct timespec moment = {.tv_nsec = 8000000};
    while (!atomic_load(&n->is_stopping) && n->res == RES_OK) {
        n->res = db_exec(n->db, n->begin, &n->why);
        (void)nanosleep(&moment, NULL);
        if (n->res == RES_OK) n->res = db_exec(n->db, "COMMIT", &n->why);
        for (int i = 0; i < n->pauses; i++) (void)nanosleep(&moment, NULL);
    }
    return NULL;
}

static void neighbour_start(struct fixture *f, struct neighbour *n, const char *begin, int pauses)
{
    *n = (struct neighbour){.begin = begin, .pauses = pauses};
    must(f, db_open(&n->db, f->scratch->spool, 30000, &f->why));
    assert_int_equal(pthread_create(&n->thread, NULL, use_spool, n), 0);
}

static void neighbour_stop(struct neighbour *n)
{
    atomic_store(&n->is_stopping, true);
    assert_int_equal(pthread_join(n->thread, NULL), 0);
    if (n->res != RES_OK) fail_msg("%s", n->why.text);
    db_close(n->db);
}

/* Each time that all is copied one of them has begun before; or something is committed before the next group. */
static void the_log_begins_again_beside_short_transactions_without_a_pause(void **state)
{
    struct fixture *f = *state;
    struct service s;
    struct neighbour readers[3], writer;
    struct wal *wal = spool_in_wal(f->in);
    int64_t longest = 0, written = 0;
    service_start(f, &s);
    append(f, 1, 1, 0);
    for (int i = 0; i < 3; i++) neighbour_start(f, &readers[i], "BEGIN; SELECT 1 FROM sqlite_schema", 0);
    neighbour_start(f, &writer, "BEGIN IMMEDIATE; UPDATE _spool SET node = node", 1);
    for (int next = 2; written < 8 * SPOOL_WAL_RESTART_BYTES; next += 500) {
        int64_t before = wal_bytes(wal);
        append(f, next, 500, 0);
        written += wal_bytes(wal) < before ? wal_bytes(wal) : wal_bytes(wal) - before;
        longest = wal_bytes(wal) > longest ? wal_bytes(wal) : longest;
        wal_maintain(wal, true);
    }
    for (int i = 0; i < 3; i++) neighbour_stop(&readers[i]);
    neighbour_stop(&writer);
    print_message("the longest log had %d MiB\n", (int)(longest >> 20));
    assert_true(longest < 2 * SPOOL_WAL_RESTART_BYTES);
    service_stop(&s);
    check_books(f->scratch->spool);
}

/* Two readers in turn, until a new one is kept out. Returns the one that reads then. */
static struct db *read_until_kept_out(struct fixture *f, struct db *readers[2])
{
    struct wal *wal = spool_in_wal(f->in);
    int next = 1;
    int turns = 0;
    begin_reading(f, readers[0]);
    append_until(f, &next, SPOOL_WAL_RESTART_BYTES + 1);
    for (; !wal_keeps_out(wal) && turns < 20000; turns++) {
        begin_reading(f, readers[(turns + 1) % 2]);
        end_reading(f, readers[turns % 2]);
        append(f, next++, 1, 0);
        wal_maintain(wal, true);
    }
    assert_true(wal_keeps_out(wal));
    assert_false(can_begin_to_read(f));
    return readers[turns % 2];
}

/* So the log begins again also where events come slowly, or in bursts. */
static void where_nothing_comes_readers_are_kept_out_until_those_of_now_have_ended(void **state)
{
    struct fixture *f = *state;
    struct service s;
    struct wal *wal = spool_in_wal(f->in);
    struct db *readers[2] = {reader_open(f), reader_open(f)};
    service_start(f, &s);
    struct db *last = read_until_kept_out(f, readers);
    wal_maintain(wal, false);
    assert_true(wal_keeps_out(wal));
    end_reading(f, last);
    wal_maintain(wal, false);
    assert_false(wal_keeps_out(wal));
    assert_true(can_begin_to_read(f));
    append(f, 100000, 1, 0);
    assert_true(wal_bytes(wal) < SPOOL_WAL_PASSIVE_BYTES);
    service_stop(&s);
    for (int i = 0; i < 2; i++) db_close(readers[i]);
}

static void where_nothing_comes_readers_are_kept_out_for_a_second_at_most(void **state)
{
    struct fixture *f = *state;
    struct service s;
    struct wal *wal = spool_in_wal(f->in);
    struct db *readers[2] = {reader_open(f), reader_open(f)};
    service_start(f, &s);
    (void)read_until_kept_out(f, readers);
    int64_t due = clock_monotonic_ms() + WAL_CLOSED_MS;
    while (wal_keeps_out(wal) && clock_monotonic_ms() <= due) wal_maintain(wal, false);
    wal_maintain(wal, false);
    assert_false(wal_keeps_out(wal));
    assert_true(can_begin_to_read(f));
    service_stop(&s);
    for (int i = 0; i < 2; i++) db_close(readers[i]);
}

/* Another program empties the log: it has the write lock, and waits until nobody has a mark, ours included. */
static void marks_are_let_go_for_who_holds_the_write_lock(void **state)
{
    struct fixture *f = *state;
    struct service s;
    struct db *readers[2] = {reader_open(f), reader_open(f)};
    struct db_wal wal;
    int next = 1;
    service_start(f, &s);
    begin_reading(f, readers[0]);
    append_until(f, &next, SPOOL_WAL_PASSIVE_BYTES + 1); /* marks are reserved from now on */
    end_reading(f, readers[0]);
    begin_reading(f, readers[1]); /* it must have seen the log once */
    end_reading(f, readers[1]);
    assert_int_equal(db_checkpoint(readers[1], DB_TRUNCATE, &wal, &f->why), RES_RETRY);
    must(f, db_begin(readers[1], &f->why));
    struct group *group = some_group(next, 1, 0);
    assert_int_equal(append_once(f->in, group, &f->why), RES_RETRY); /* in vain, but it lets go */
    group_free(group);
    must(f, db_end(readers[1], RES_OK, &f->why));
    must(f, db_checkpoint(readers[1], DB_TRUNCATE, &wal, &f->why));
    service_stop(&s);
    for (int i = 0; i < 2; i++) db_close(readers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(settling_empties_the_write_ahead_log),
        IN_SPOOL(a_checkpoint_between_groups_lets_the_log_begin_again),
        IN_SPOOL(a_deleted_logs_contents_are_moved_into_the_file),
        IN_SPOOL(nothing_is_appended_beside_another_programs_log),
        IN_SPOOL(the_log_of_a_deleted_index_is_moved_into_the_file),
        IN_SPOOL(beside_another_index_nothing_is_written_anywhere),
        IN_SPOOL(a_raised_barrier_holds_the_mark_that_a_new_reader_needs),
        IN_SPOOL(readers_of_now_are_counted_and_go_on_behind_a_barrier),
        IN_SPOOL(the_log_begins_again_after_a_barrier_is_released_and_not_before),
        IN_SPOOL(too_many_readers_leave_no_mark_to_reserve),
        IN_SPOOL(the_thread_has_its_result_when_it_has_ended),
        IN_SPOOL(the_log_begins_again_beside_readers_that_overlap),
        IN_SPOOL(the_log_begins_again_beside_short_transactions_without_a_pause),
        IN_SPOOL(where_nothing_comes_readers_are_kept_out_until_those_of_now_have_ended),
        IN_SPOOL(where_nothing_comes_readers_are_kept_out_for_a_second_at_most),
        IN_SPOOL(marks_are_let_go_for_who_holds_the_write_lock),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
