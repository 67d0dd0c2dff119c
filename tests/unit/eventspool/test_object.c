/* test_object -- a mark is found wherever it stands in an object, compressed or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/eventspool/verify/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/support/scratch.h"

#define MARK  "verify-20310504T101112-00c0ffee"
#define PIECE 65536 /* of what is read at a time */

/* So many bytes with the mark at a place; without it if that is negative. */
static char *make_text(size_t len, ssize_t at)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'v', len);
    if (at >= 0) memcpy(text + at, MARK, strlen(MARK));
    return text;
}

static enum result search(const char *path, bool *holds)
{
    struct why why = {0};
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    enum result res = object_search(fileno(file), MARK, holds, &why);
    (void)fclose(file);
    return res;
}

static bool holds_mark(const struct scratch *scratch, const char *text, size_t len, bool is_compressed)
{
    bool holds = false;
    gzFile file = gzopen(scratch->spool, is_compressed ? "wb" : "wbT"); /* T: as it is */
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)len), (int)len);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(search(scratch->spool, &holds), RES_OK);
    return holds;
}

static void a_mark_is_found_at_every_place(void **state)
{
    struct scratch *scratch = scratch_new();
    (void)state;
    for (int is_compressed = 0; is_compressed < 2; is_compressed++) {
        for (ssize_t at = PIECE - 40; at <= PIECE + 3; at++) {
            char *text = make_text(2 * PIECE, at);
            assert_true(holds_mark(scratch, text, 2 * PIECE, is_compressed));
            free(text);
        }
        for (size_t len = strlen(MARK); len < 5 * PIECE; len = len * 2 + 7) {
            char *text = make_text(len, (ssize_t)(len - strlen(MARK)));
            assert_true(holds_mark(scratch, text, len, is_compressed));
            assert_false(holds_mark(scratch, text, len - 1, is_compressed));
            free(text);
        }
    }
    scratch_free(scratch);
}

static void nothing_and_too_little_hold_no_mark(void **state)
{
    struct scratch *scratch = scratch_new();
    (void)state;
    assert_false(holds_mark(scratch, "", 0, false));
    assert_false(holds_mark(scratch, "\x1f", 1, false));
    assert_false(holds_mark(scratch, "", 0, true));
    scratch_free(scratch);
}

static void what_begins_as_gzip_and_is_not_is_damaged(void **state)
{
    struct scratch *scratch = scratch_new();
    bool holds = false;
    FILE *file = fopen(scratch->spool, "w");
    (void)state;
    assert_non_null(file);
    assert_true(fputs("\x1f\x8bnothing of the kind", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(search(scratch->spool, &holds), RES_BROKEN);
    assert_false(holds);
    scratch_free(scratch);
}

static void what_cannot_be_read_is_said(void **state)
{
    struct why why = {0};
    bool holds = true;
    (void)state;
    assert_int_equal(object_search(-1, MARK, &holds, &why), RES_RETRY);
    assert_false(holds);
    assert_non_null(strstr(why.text, "cannot be read"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_is_found_at_every_place),
        cmocka_unit_test(nothing_and_too_little_hold_no_mark),
        cmocka_unit_test(what_begins_as_gzip_and_is_not_is_damaged),
        cmocka_unit_test(what_cannot_be_read_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
