/* test_reject_size -- what rejects are counted for, against the pages that SQLite uses for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/reject_size.h"

#include <inttypes.h>

#include "tests/support/chance.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/rejects_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MOST         ((size_t)70000)
#define BYTES        6000000 /* of payloads and rows, for each case */
#define TOGETHER     200     /* rejects in a transaction */

static char payload[MOST];

static int64_t used_bytes(const struct rejects_fixture *f)
{
    return query_int(path_of(f), "PRAGMA page_count") * query_int(path_of(f), "PRAGMA page_size");
}

/* Rejects of these lengths in turn, or of random ones below `below`: is the sum right within two per cent and 15? */
static void check(const char *name, const size_t *lengths, size_t count, size_t below)
{
    struct rejects_fixture *f = rejects_fixture_new(0);
    struct chance chance = chance_begin();
    int64_t empty = used_bytes(f);
    size_t rejects = 0;
    for (int64_t bytes = 0; bytes < BYTES;) {
        struct reject group[TOGETHER];
        for (size_t i = 0; i < TOGETHER; i++, rejects++) {
            size_t len = below > 0 ? chance_below(&chance, below) + 1 : lengths[rejects % count];
            group[i] = some_reject_of("192.0.2.2", REJECT_STRAY_BYTES, payload, len);
            bytes += (int64_t)len + 100;
        }
        append_rejects(f, group, TOGETHER, false);
    }
    int64_t used = used_bytes(f) - empty;
    int64_t counted = query_int(path_of(f), "SELECT reject_bytes FROM _intake");
    print_message("# %s: %zu rejects use %" PRId64 " bytes each, and are counted for %" PRId64 "\n", name,
                  rejects, used / (int64_t)rejects, counted / (int64_t)rejects);
    assert_true(counted >= used - used / 50);
    assert_true(counted <= used + used * 3 / 20);
    rejects_fixture_free(f);
}

static void rejects_are_counted_for_the_pages_that_they_use(void **state)
{
    static const struct {
        const char *name;
        size_t count, lengths[3];
    } rows[] = {
        {"tiny", 1, {3}},
        {"100 bytes", 1, {100}},
        {"2 KB", 1, {2000}},
        {"4 KB", 1, {4096}},
        {"three a page", 1, {5200}},
        {"a little more than half a page", 1, {8200}},
        {"a page", 1, {16200}},
        {"a little more than a page", 1, {16400}},
        {"what a second page just holds", 1, {18300}},
        {"several pages", 1, {66000}},
        {"two that miss a page together", 2, {5500, 10900}},
        {"a tiny one between two of a page", 2, {3, 16200}},
        {"halves with a tiny one", 3, {8000, 8100, 100}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) check(rows[i].name, rows[i].lengths, rows[i].count, 0);
}

static void so_are_rejects_of_random_lengths(void **state)
{
    (void)state;
    check("up to 500 bytes", NULL, 0, 500);
    check("up to 10 KB", NULL, 0, 10000);
    check("up to 70 KB", NULL, 0, MOST);
}

static void growing_texts_are_counted_from_the_beginning(void **state)
{
    struct reject_size one = {.page_bytes = 16384};
    struct reject_size other = one;
    struct reject reject = some_reject_of("192.0.2.2", REJECT_STRAY_BYTES, payload, 3);
    (void)state;
    assert_int_equal(reject_size_next(&one, &reject, 200), reject_size_next(&other, &reject, 0) + 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rejects_are_counted_for_the_pages_that_they_use),
        cmocka_unit_test(so_are_rejects_of_random_lengths),
        cmocka_unit_test(growing_texts_are_counted_from_the_beginning),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
