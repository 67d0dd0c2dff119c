/* test_store -- when stored bytes are a batch's own: what is not known on either side proves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/store.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The object's own rendition, that of the batch before its last attempt, and what a look has found. */
static const struct {
    const char *what;
    struct rendition own, earlier, seen;
    enum { NOBODYS, OWN, EARLIER } expected;
} rows[] = {
    {"both hashes", {"a", "b", 1, ""}, {"", "", 0, ""}, {"a", "b", 1, ""}, OWN},
    {"an ETag alone", {"a", "b", 1, ""}, {"", "", 0, ""}, {"", "b", -1, ""}, OWN},
    {"an ETag that is no MD5, and metadata", {"a", "b", 1, ""}, {"", "", 0, ""}, {"a", "x", 1, ""}, OWN},
    {"metadata and no length", {"a", "b", 1, ""}, {"", "", 0, ""}, {"a", "", -1, ""}, OWN},
    {"metadata and another length", {"a", "b", 1, ""}, {"", "", 0, ""}, {"a", "", 2, ""}, NOBODYS},
    {"bytes that were read", {"a", "b", 1, ""}, {"", "", 0, ""}, {"a", "", 1, ""}, OWN},
    {"other bytes", {"a", "b", 1, ""}, {"", "", 0, ""}, {"c", "d", 1, ""}, NOBODYS},
    {"nothing but a length", {"a", "b", 1, ""}, {"", "", 0, ""}, {"", "", 1, ""}, NOBODYS},

    {"no MD5 on either side", {"a", "", 1, ""}, {"", "", 0, ""}, {"c", "", 1, ""}, NOBODYS},
    {"no MD5 on either side, nothing seen", {"a", "", 1, ""}, {"", "", 0, ""}, {"", "", 1, ""}, NOBODYS},
    {"no MD5 of ours, and an ETag", {"a", "", 1, ""}, {"", "", 0, ""}, {"", "b", 1, ""}, NOBODYS},
    {"no MD5 of ours, and metadata", {"a", "", 1, ""}, {"", "", 0, ""}, {"a", "b", 1, ""}, OWN},
    {"no MD5, the same bytes", {"a", "", 1, ""}, {"", "", 0, ""}, {"a", "", 1, ""}, OWN},
    {"no MD5 of the earlier one", {"a", "b", 1, ""}, {"c", "", 2, ""}, {"d", "", 2, ""}, NOBODYS},
    {"no MD5, the earlier bytes", {"a", "", 1, ""}, {"c", "", 2, ""}, {"c", "", 2, ""}, EARLIER},
    {"no rendition at all", {"", "", 0, ""}, {"", "", 0, ""}, {"", "", 0, ""}, NOBODYS},
};

static void stored_bytes_are_recognised_by_what_is_known_of_both_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct batch batch = {.earlier = rows[i].earlier};
        struct object object = {.batch = &batch, .rendition = &rows[i].own};
        const struct rendition *expected[] = {NULL, &rows[i].own, &batch.earlier};
        const struct rendition *found = store_recognise(&object, &rows[i].seen);
        if (found != expected[rows[i].expected]) fail_msg("%s", rows[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_bytes_are_recognised_by_what_is_known_of_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
