/* test_reject_cap -- what is kept of a reject when there are too many, and what the spool makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/reject_cap.h"

#include <string.h>

#include "tests/support/in_fixture.h"

static char bytes[5000];

static struct reject some_reject(uint64_t true_length, const char *detail)
{
    memset(bytes, 'x', sizeof bytes);
    return (struct reject){.received_at = 1700000000000,
                           .source = some_slice("192.0.2.2"),
                           .reason = REJECT_MALFORMED,
                           .detail = some_slice(detail),
                           .bytes = true_length,
                           .payload = {bytes, sizeof bytes}};
}

static void a_capped_reject_keeps_its_beginning_length_and_checksum(void **state)
{
    struct capped_reject capped;
    struct reject reject = some_reject(sizeof bytes, "line 1, column 2: not an event");
    (void)state;
    reject_cap(&capped, &reject);
    assert_int_equal(capped.reject.payload.len, 4096);
    assert_ptr_equal(capped.reject.payload.data, bytes);
    assert_int_equal(capped.reject.bytes, sizeof bytes);
    assert_string_equal(capped.reject.detail.data,
                        "line 1, column 2: not an event; only the first 4096 "
                        "bytes are kept, SHA-256 "
                        "c59d3c0480cc2d71d8f646e735e92da65450311eec46e81a5db8c7e6e"
                        "8a92054"); /* head -c 5000 /dev/zero | tr '\0' x | sha256sum */
    assert_int_equal(capped.reject.detail.len, strlen(capped.reject.detail.data));
}

static void the_checksum_of_an_already_truncated_reject_names_its_range(void **state)
{
    struct capped_reject capped;
    struct reject reject = some_reject(9000000, "more than MAX_MESSAGE_SIZE");
    (void)state;
    reject_cap(&capped, &reject);
    assert_non_null(strstr(capped.reject.detail.data, "SHA-256 of the first 5000 bytes "));
    assert_int_equal(capped.reject.bytes, 9000000);
}

static void a_long_detail_is_cut_at_a_character_boundary(void **state)
{
    struct capped_reject capped;
    char detail[2000];
    (void)state;
    for (size_t i = 0; i + 3 <= sizeof detail - 1; i += 3) memcpy(detail + i, "\xe2\x82\xac", 3);
    detail[(sizeof detail - 1) / 3 * 3] = '\0';
    struct reject reject = some_reject(sizeof bytes, detail);
    reject_cap(&capped, &reject);
    assert_non_null(strstr(capped.reject.detail.data, "\xe2\x82\xac; only the first"));
}

/* Returns whether one of them was cut. */
static bool append_rejects(struct fixture *f, int count)
{
    struct group *group = group_new();
    struct append_outcome outcome;
    struct reject reject = some_reject(sizeof bytes, "not an event");
    for (int i = 0; i < count; i++) group_add_reject(group, &reject);
    must(f, spool_append(f->in, group, &outcome, &f->why));
    group_free(group);
    return outcome.has_capped;
}

static void rejects_beyond_the_limit_are_capped_until_some_are_shipped(void **state)
{
    struct fixture *f = *state;
    const char *path = f->scratch->spool;
    int64_t unshipped = 0;
    spool_in_cap_rejects(f->in, 12000);
    assert_false(append_rejects(f, 1));
    assert_true(append_rejects(f, 3));
    check_text(path, "SELECT id, bytes, length(payload) FROM _reject ORDER BY id",
               "1|5000|5000\n2|5000|5000\n3|5000|4096\n4|5000|4096");
    check_books(path);
    must(f, spool_in_unshipped_rejects(f->in, &unshipped, &f->why));
    assert_int_equal(unshipped, 2 * 5000 + 2 * 4096);

    query_do(path,
             "INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, "
             "format, metadata, compression, pretty, dropped, omits_payload,"
             " spool, node, sealed_at, shipped_at)"
             " VALUES ('rejects', 1, 3, 3, 1, 'd', 'k', 'ndjson', 1, 'none', 0, '', 0, 's', 'n', 1, 1)");
    must(f, spool_in_unshipped_rejects(f->in, &unshipped, &f->why));
    assert_int_equal(unshipped, 4096);
    assert_false(append_rejects(f, 1));
    assert_int_equal(query_int(path, "SELECT length(payload) FROM _reject WHERE id = 5"), 5000);
    check_books(path);
}

static void small_rejects_are_kept_whole_beyond_the_limit(void **state)
{
    struct fixture *f = *state;
    spool_in_cap_rejects(f->in, 1);
    append(f, 1, 0, 3);
    assert_int_equal(query_int(f->scratch->spool, "SELECT sum(length(payload)) FROM _reject"), 3 * 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capped_reject_keeps_its_beginning_length_and_checksum),
        cmocka_unit_test(the_checksum_of_an_already_truncated_reject_names_its_range),
        cmocka_unit_test(a_long_detail_is_cut_at_a_character_boundary),
        IN_SPOOL(rejects_beyond_the_limit_are_capped_until_some_are_shipped),
        IN_SPOOL(small_rejects_are_kept_whole_beyond_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
