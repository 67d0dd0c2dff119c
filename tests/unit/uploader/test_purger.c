/* test_purger -- a purge that takes many turns is logged with what it has deleted and what is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/purger.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/support/out_fixture.h"

#define ROWS    100000 /* of which no machine deletes all within a turn */
#define WAITING 7

/* Purges all that is due. Returns how many turns that took. */
static int purge_all(struct fixture *f, struct purger *purger)
{
    bool has_more = true;
    int turns = 0;
    for (; has_more; turns++) must(f, purger_turn(purger, false, &has_more, &f->why));
    return turns;
}

static void a_purge_of_many_turns_is_logged_with_what_is_left(void **state)
{
    struct fixture *f = *state;
    struct purger purger = {.options = {.retention_ms = 0}, .spool = f->out};
    char log[1024];
    long long rows = 0;
    long long left = 0;
    some_spool_add_events(f->scratch->spool, ROWS + WAITING, 10, SOME_TIME);
    for (int64_t first = 1; first < ROWS; first += ROWS / 10) {
        struct batch batch = seal(f, BATCH_EVENTS, first, first + ROWS / 10 - 1);
        ship(f, &batch);
    }
    purger.report = (struct purge_report){.is_on = true, .next_at = 1}; /* ten seconds have passed */

    int old = dup(STDERR_FILENO);
    int file = memfd_create("log", 0);
    assert_true(old >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    int turns = purge_all(f, &purger);
    (void)dup2(old, STDERR_FILENO);
    ssize_t len = pread(file, log, sizeof log - 1, 0);
    close(old);
    close(file);
    assert_true(len >= 0 && turns > 1);
    log[len] = '\0';

    const char *line = strstr(log, "\"old rows are being purged\"");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "\"old rows are being purged\" rows=%lld left=%lld", &rows, &left), 2);
    assert_in_range(rows + left, ROWS, ROWS + ROWS / 10); /* the batch in work counts as a whole */
    assert_non_null(strstr(log, "\"old rows were purged\" rows=100000 took_ms="));
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _event"), WAITING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_SPOOL(a_purge_of_many_turns_is_logged_with_what_is_left)};
    log_open("test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
