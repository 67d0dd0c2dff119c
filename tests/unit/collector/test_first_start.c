/* Both programs start at once on a machine where there is no spool yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/schema.h"

#include <pthread.h>

#include "common/spool.h"
#include "tests/support/scratch.h"

static void *create(void *path)
{
    struct why why = {0};
    struct db *db = NULL;
    enum result res = spool_create_or_open(&db, path, "node", &why);
    db_close(db);
    return res == RES_OK ? path : NULL;
}

/* What is being created is either not there yet or a spool, never somebody else's file. */
static void the_uploader_never_sees_a_half_created_spool(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        struct scratch *scratch = scratch_new();
        struct why why = {0};
        struct db *db = NULL;
        pthread_t thread;
        void *created = NULL;
        enum result res = RES_RETRY;
        assert_int_equal(pthread_create(&thread, NULL, create, scratch->spool), 0);
        while (res == RES_RETRY) res = spool_open(&db, scratch->spool, &why);
        assert_int_equal(pthread_join(thread, &created), 0);
        assert_non_null(created);
        if (res != RES_OK) fail_msg("creation %d: %s", i, why.text);
        db_close(db);
        scratch_free(scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_uploader_never_sees_a_half_created_spool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
