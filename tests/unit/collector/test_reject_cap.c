/* test_reject_cap -- what is kept of rejects when there are too many, and which of them share a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/reject_cap.h"

#include <stdio.h>
#include <string.h>

#include "common/digest.h"
#include "tests/support/some_group.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TIME         1700000000000

static char bytes[5000];

static struct reject some_reject(const char *payload, size_t len, const char *detail)
{
    return (struct reject){.received_at = TIME,
                           .source = some_slice("192.0.2.2"),
                           .reason = REJECT_MALFORMED,
                           .detail = some_slice(detail),
                           .bytes = len,
                           .payload = {payload, len}};
}

/* ---- one reject ---- */

static void a_capped_reject_keeps_its_beginning_length_and_checksum(void **state)
{
    struct capped_reject capped;
    struct reject reject = some_reject(bytes, sizeof bytes, "line 1, column 2: not an event");
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

static void a_reject_of_4_KB_stays_as_it_is(void **state)
{
    struct capped_reject capped;
    struct reject reject = some_reject(bytes, 4096, "not an event");
    (void)state;
    reject_cap(&capped, &reject);
    assert_memory_equal(&capped.reject, &reject, sizeof reject);
}

static void the_checksum_of_an_already_truncated_reject_names_its_range(void **state)
{
    struct capped_reject capped;
    struct reject reject = some_reject(bytes, sizeof bytes, "more than MAX_MESSAGE_SIZE");
    (void)state;
    reject.bytes = 9000000;
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
    struct reject reject = some_reject(bytes, sizeof bytes, detail);
    reject_cap(&capped, &reject);
    assert_in_range(capped.reject.detail.len, 0, sizeof capped.text - 1);
    assert_non_null(strstr(capped.reject.detail.data, "\xe2\x82\xac; only the first"));
}

/* ---- one row for several ---- */

static void a_row_stands_for_its_rejects_with_their_sum_and_checksum(void **state)
{
    struct reject_cap *cap = reject_cap_new();
    struct reject first = some_reject("<a>", 3, "line 1");
    struct reject second = some_reject("&b", 2, "line 7");
    char text[REJECT_CAP_DETAIL_SIZE];
    char sha256[DIGEST_SHA256_SIZE];
    (void)state;
    assert_null(reject_cap_find(cap, &first));
    reject_cap_begin(cap, &first, 41);
    struct joined_reject *row = reject_cap_find(cap, &second);
    assert_int_equal(row->id, 41);
    assert_false(row->is_changed);
    reject_cap_join(row, &second);
    reject_cap_join(row, &first);
    assert_true(row->is_changed);
    assert_int_equal(row->count, 3);
    assert_int_equal(row->bytes, 8);
    struct slice detail = reject_cap_detail(row, text);
    assert_int_equal(detail.len, strlen(text));
    digest_sha256(sha256, "<a>&b<a>", 8);
    assert_string_equal(strstr(text, "SHA-256") + strlen("SHA-256 of all their bytes "), sha256);
    *strstr(text, ", SHA-256") = '\0';
    assert_string_equal(
        text, "line 1; above REJECTS_MAX_SIZE this row stands for 3 rejects, only the first 3 bytes of"
              " the first one are kept");
    reject_cap_free(cap);
}

static void the_checksum_of_a_row_says_what_it_does_not_cover(void **state)
{
    struct reject_cap *cap = reject_cap_new();
    struct reject reject = some_reject(bytes, sizeof bytes, "too long");
    char text[REJECT_CAP_DETAIL_SIZE];
    (void)state;
    reject_cap_begin(cap, &reject, 1);
    reject.bytes = 9000000;
    struct joined_reject *row = reject_cap_find(cap, &reject);
    reject_cap_join(row, &reject);
    assert_int_equal(row->bytes, 9005000);
    (void)reject_cap_detail(row, text);
    assert_non_null(
        strstr(text, "only the first 4096 bytes of the first one are kept, SHA-256 of 10000 bytes of them "));
    reject_cap_free(cap);
}

static void a_row_is_for_one_sender_and_reason(void **state)
{
    static const struct {
        const char *source;
        enum reject_reason reason;
        int64_t id;
    } rows[] = {
        {"192.0.2.2", REJECT_MALFORMED, 1},    {"192.0.2.2", REJECT_STRAY_BYTES, 2},
        {"192.0.2.22", REJECT_MALFORMED, 3},   {"192.0.2.", REJECT_MALFORMED, 4},
        {"192.0.2.22", REJECT_STRAY_BYTES, 5}, {"", REJECT_MALFORMED, 6},
    };
    struct reject_cap *cap = reject_cap_new();
    struct reject reject = some_reject("x", 1, "");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        reject.source = some_slice(rows[i].source);
        reject.reason = rows[i].reason;
        assert_null(reject_cap_find(cap, &reject));
        reject_cap_begin(cap, &reject, rows[i].id);
    }
    for (size_t i = COUNT(rows); i-- > 0;) {
        reject.source = some_slice(rows[i].source);
        reject.reason = rows[i].reason;
        assert_int_equal(reject_cap_find(cap, &reject)->id, rows[i].id);
    }
    reject_cap_free(cap);
}

static void a_row_takes_rejects_for_an_hour(void **state)
{
    static const struct {
        int64_t ms;
        bool has_row;
    } rows[] = {{REJECT_CAP_MS - 1, true},
                {REJECT_CAP_MS, false},
                {1 - REJECT_CAP_MS, true},
                {-REJECT_CAP_MS, false}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reject_cap *cap = reject_cap_new();
        struct reject reject = some_reject("x", 1, "");
        reject_cap_begin(cap, &reject, 1);
        reject.received_at += rows[i].ms;
        assert_true((reject_cap_find(cap, &reject) != NULL) == rows[i].has_row);
        assert_true((reject_cap_row(cap, 0) != NULL) == rows[i].has_row);
        reject_cap_free(cap);
    }
}

/* Else what was joined to it would be in no row. */
static void an_old_row_that_was_not_written_yet_goes_on(void **state)
{
    struct reject_cap *cap = reject_cap_new();
    struct reject reject = some_reject("x", 1, "");
    (void)state;
    reject_cap_begin(cap, &reject, 1);
    struct joined_reject *row = reject_cap_find(cap, &reject);
    reject_cap_join(row, &reject);
    reject.received_at += 2 * REJECT_CAP_MS;
    assert_ptr_equal(reject_cap_find(cap, &reject), row);
    row->is_changed = false;
    assert_null(reject_cap_find(cap, &reject));
    reject_cap_free(cap);
}

static void a_forgotten_row_leaves_the_others(void **state)
{
    struct reject_cap *cap = reject_cap_new();
    struct reject reject = some_reject("x", 1, "");
    char sources[REJECT_CAP_ROWS][16];
    (void)state;
    for (int i = 0; i < REJECT_CAP_ROWS; i++) {
        (void)snprintf(sources[i], sizeof sources[i], "%d", i);
        reject.source = some_slice(sources[i]);
        reject_cap_begin(cap, &reject, i);
    }
    for (int i = 0; i < REJECT_CAP_ROWS; i += 2) {
        reject.source = some_slice(sources[i]);
        reject_cap_forget(cap, reject_cap_find(cap, &reject));
    }
    for (int i = 0; i < REJECT_CAP_ROWS; i++) {
        reject.source = some_slice(sources[i]);
        struct joined_reject *row = reject_cap_find(cap, &reject);
        assert_true((row != NULL) == (i % 2 == 1));
        if (row) assert_int_equal(row->id, i);
    }
    reject_cap_forget_all(cap);
    assert_null(reject_cap_row(cap, 0));
    reject_cap_free(cap);
}

/* Rows of senders take all places but the shared ones; their ids are 1, 2, ... */
static void fill(struct reject_cap *cap, int64_t received_at)
{
    for (int i = 0; i < REJECT_CAP_ROWS; i++) {
        char source[32];
        struct reject reject = some_reject("x", 1, "");
        (void)snprintf(source, sizeof source, "10.0.%d.%d", i / 250, i % 250);
        reject.source = some_slice(source);
        reject.received_at = received_at;
        assert_null(reject_cap_find(cap, &reject));
        reject_cap_begin(cap, &reject, i + 1);
    }
}

static struct joined_reject *join(struct reject_cap *cap, const char *source, enum reject_reason reason)
{
    struct reject reject = some_reject("x", 1, "");
    reject.source = some_slice(source);
    reject.reason = reason;
    struct joined_reject *row = reject_cap_find(cap, &reject);
    if (row) reject_cap_join(row, &reject);
    if (!row) reject_cap_begin(cap, &reject, 1000 + (int64_t)reason);
    return row;
}

static void check_source(const struct joined_reject *row, const char *expected)
{
    char text[ADDRESS_NETWORK_SIZE];
    struct slice source = reject_cap_source(row, text);
    assert_int_equal(source.len, strlen(expected));
    assert_memory_equal(source.data, expected, source.len);
}

static void senders_share_a_row_of_each_reason_when_all_are_taken(void **state)
{
    struct reject_cap *cap = reject_cap_new();
    char text[REJECT_CAP_DETAIL_SIZE];
    (void)state;
    fill(cap, TIME);
    assert_int_equal(join(cap, "10.0.1.5", REJECT_MALFORMED)->id, 256);
    assert_null(join(cap, "192.0.2.1", REJECT_MALFORMED));
    check_source(join(cap, "192.0.2.1", REJECT_MALFORMED), "192.0.2.1");
    struct joined_reject *row = join(cap, "2001:db8::1", REJECT_MALFORMED);
    check_source(row, "several addresses");
    (void)reject_cap_detail(row, text);
    assert_non_null(
        strstr(text, "stands for 3 rejects of several addresses, the first one from 192.0.2.1, only the"));
    assert_null(join(cap, "192.0.2.1", REJECT_OVERSIZE));
    assert_int_equal(join(cap, "192.0.2.7", REJECT_OVERSIZE)->id, 1000 + REJECT_OVERSIZE);
    assert_int_equal(join(cap, "192.0.2.7", REJECT_MALFORMED)->id, 1000 + REJECT_MALFORMED);
    reject_cap_free(cap);
}

static void rows_that_are_over_make_way_for_those_of_other_senders(void **state)
{
    struct reject_cap *cap = reject_cap_new();
    (void)state;
    fill(cap, TIME - REJECT_CAP_MS);
    reject_cap_row(cap, 3)->is_changed = true; /* not written yet */
    assert_null(join(cap, "192.0.2.1", REJECT_MALFORMED));
    assert_null(join(cap, "192.0.2.2", REJECT_MALFORMED));
    assert_int_equal(reject_cap_row(cap, 0)->id, 4);
    assert_non_null(reject_cap_row(cap, 2));
    assert_null(reject_cap_row(cap, 3));
    reject_cap_free(cap);
}

static void addresses_of_an_IPv6_network_are_one_sender(void **state)
{
    struct reject_cap *cap = reject_cap_new();
    (void)state;
    assert_null(join(cap, "2001:db8:0:1::1", REJECT_MALFORMED));
    check_source(join(cap, "2001:db8:0:1::1", REJECT_MALFORMED), "2001:db8:0:1::1");
    check_source(join(cap, "2001:db8:0:1:ffff::2", REJECT_MALFORMED), "2001:db8:0:1::/64");
    assert_null(join(cap, "2001:db8:0:2::1", REJECT_MALFORMED));
    reject_cap_free(cap);
}

static void a_row_grows_by_no_more_than_it_is_counted_for(void **state)
{
    struct reject_cap *cap = reject_cap_new();
    struct reject reject = some_reject(bytes, sizeof bytes, "");
    char text[REJECT_CAP_DETAIL_SIZE];
    char source[ADDRESS_NETWORK_SIZE];
    (void)state;
    reject.source = some_slice("fe80:1111:2222:3333:4444:5555:6666:7777%interface-of-15");
    reject_cap_begin(cap, &reject, 1);
    reject.bytes = 1ull << 40;
    reject.source = some_slice("fe80:1111:2222:3333::");
    struct joined_reject *row = reject_cap_find(cap, &reject);
    reject_cap_join(row, &reject);
    row->count = UINT64_MAX;
    assert_in_range(reject_cap_detail(row, text).len + reject_cap_source(row, source).len, 1,
                    REJECT_CAP_ROOM);
    reject_cap_free(cap);
}

/* ---- the problem ---- */

static void the_problem_begins_with_a_capped_reject_and_ends_with_a_sixteenth_free(void **state)
{
    static const struct {
        bool was_present, has_capped;
        int64_t bytes, max_bytes;
        bool holds;
    } rows[] = {
        {false, false, 0, 1600, false},  {false, false, 9999, 1600, false},
        {false, true, 0, 1600, true},    {true, true, 0, 1600, true},
        {true, false, 9999, 1600, true}, {true, false, 1600, 1600, true},
        {true, false, 1500, 1600, true}, {true, false, 1499, 1600, false},
        {true, false, 0, 1600, false},   {true, false, 9999, 0, false},
        {true, true, 9999, 0, false},    {true, false, 1, 1, true},
        {true, false, 0, 1, false},      {true, false, INT64_MAX, INT64_MAX, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_true(reject_cap_holds(rows[i].was_present, rows[i].has_capped, rows[i].bytes,
                                     rows[i].max_bytes) == rows[i].holds);
}

static void the_cap_is_half_of_the_ceiling_at_most(void **state)
{
    static const struct {
        int64_t max_bytes, spool_max_bytes, cap;
    } rows[] = {{256, 0, 256}, {0, 0, 0}, {256, 512, 256}, {256, 513, 256}, {256, 100, 50}, {0, 100, 50}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(reject_cap_bytes(rows[i].max_bytes, rows[i].spool_max_bytes), rows[i].cap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capped_reject_keeps_its_beginning_length_and_checksum),
        cmocka_unit_test(a_reject_of_4_KB_stays_as_it_is),
        cmocka_unit_test(the_checksum_of_an_already_truncated_reject_names_its_range),
        cmocka_unit_test(a_long_detail_is_cut_at_a_character_boundary),
        cmocka_unit_test(a_row_stands_for_its_rejects_with_their_sum_and_checksum),
        cmocka_unit_test(the_checksum_of_a_row_says_what_it_does_not_cover),
        cmocka_unit_test(a_row_is_for_one_sender_and_reason),
        cmocka_unit_test(a_row_takes_rejects_for_an_hour),
        cmocka_unit_test(an_old_row_that_was_not_written_yet_goes_on),
        cmocka_unit_test(a_forgotten_row_leaves_the_others),
        cmocka_unit_test(the_cap_is_half_of_the_ceiling_at_most),
        cmocka_unit_test(senders_share_a_row_of_each_reason_when_all_are_taken),
        cmocka_unit_test(rows_that_are_over_make_way_for_those_of_other_senders),
        cmocka_unit_test(addresses_of_an_IPv6_network_are_one_sender),
        cmocka_unit_test(a_row_grows_by_no_more_than_it_is_counted_for),
        cmocka_unit_test(the_problem_begins_with_a_capped_reject_and_ends_with_a_sixteenth_free),
    };
    memset(bytes, 'x', sizeof bytes);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
