/* test_object_key -- the name of an object follows from the batch alone, and sorts as the ids do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/batch/object_key.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct batch some_batch(int64_t first_id, int64_t last_id, enum batch_format format)
{
    return (struct batch){
        .first_id = first_id,
        .last_id = last_id,
        .format = format,
        .identity = {.spool = "7f3a9c21d4", .node = "gate-1"},
        .sealed_at = 1753805700999, /* 2025-07-29 16:15:00.999 */
    };
}

static void an_object_key_has_prefix_time_spool_ids_and_extension(void **state)
{
    static const struct {
        const char *prefix;
        int64_t first_id, last_id;
        enum batch_format format;
        const char *key;
    } rows[] = {
        {"xml-events/", 1001, 5873, BATCH_XML,
         "xml-events/20250729_161500-7f3a9c21d4-0000001001-0000005873.xml"}, /* the contract's example */
        {"", 1, 1, BATCH_JSON, "20250729_161500-7f3a9c21d4-0000000001-0000000001.json"},
        {"a/b/", 1, 2, BATCH_NDJSON, "a/b/20250729_161500-7f3a9c21d4-0000000001-0000000002.ndjson"},
        {"100%/", 1, 2, BATCH_XML, "100%/20250729_161500-7f3a9c21d4-0000000001-0000000002.xml"},
        {"p/", 9999999999, 10000000000, BATCH_XML, "p/20250729_161500-7f3a9c21d4-9999999999-10000000000.xml"},
        {"p/", INT64_MAX, INT64_MAX, BATCH_XML,
         "p/20250729_161500-7f3a9c21d4-9223372036854775807-9223372036854775807.xml"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct batch batch = some_batch(rows[i].first_id, rows[i].last_id, rows[i].format);
        object_key_make(&batch, &(struct key_rules){rows[i].prefix, DATE_FOLDERS_FALSE});
        assert_string_equal(batch.object_key, rows[i].key);
    }
}

static void an_object_key_may_have_date_folders_and_gz_suffix(void **state)
{
    static const struct {
        enum date_folders folders;
        bool is_gzip;
        int64_t sealed_at;
        const char *key;
    } rows[] = {
        {DATE_FOLDERS_FALSE, true, 1753805700999,
         "p/20250729_161500-7f3a9c21d4-0000000001-0000000002.json.gz"},
        {DATE_FOLDERS_TRUE, false, 1753805700999,
         "p/2025/07/29/20250729_161500-7f3a9c21d4-0000000001-0000000002.json"},
        {DATE_FOLDERS_HIVE, true, 1753805700999,
         "p/dt=2025-07-29/20250729_161500-7f3a9c21d4-0000000001-0000000002.json.gz"},
        {DATE_FOLDERS_HIVE, false, 1767225599999, /* a millisecond before the new year, UTC */
         "p/dt=2025-12-31/20251231_235959-7f3a9c21d4-0000000001-0000000002.json"},
        {DATE_FOLDERS_TRUE, false, 1767225600000,
         "p/2026/01/01/20260101_000000-7f3a9c21d4-0000000001-0000000002.json"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct batch batch = some_batch(1, 2, BATCH_JSON);
        batch.is_gzip = rows[i].is_gzip;
        batch.sealed_at = rows[i].sealed_at;
        object_key_make(&batch, &(struct key_rules){"p/", rows[i].folders});
        assert_string_equal(batch.object_key, rows[i].key);
    }
}

static void a_key_made_anew_ends_in_its_repetition(void **state)
{
    static const struct {
        int repetition;
        bool is_gzip;
        const char *key;
    } rows[] = {
        {0, false, "p/20250729_161500-7f3a9c21d4-0000000001-0000000002.xml"},
        {1, false, "p/20250729_161500-7f3a9c21d4-0000000001-0000000002.xml"},
        {2, false, "p/20250729_161500-7f3a9c21d4-0000000001-0000000002-r2.xml"},
        {10000, true, "p/20250729_161500-7f3a9c21d4-0000000001-0000000002-r10000.xml.gz"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct batch batch = some_batch(1, 2, BATCH_XML);
        batch.repetition = rows[i].repetition;
        batch.is_gzip = rows[i].is_gzip;
        object_key_make(&batch, &(struct key_rules){"p/", DATE_FOLDERS_FALSE});
        assert_string_equal(batch.object_key, rows[i].key);
    }
}

static void a_key_is_renumbered_before_its_extension(void **state)
{
    static const struct {
        const char *key;
        int number;
        const char *expected;
    } cases[] = {
        {"a/20250729_161500-7f3a9c21d4-0000000001-0000000002.xml", 2,
         "a/20250729_161500-7f3a9c21d4-0000000001-0000000002-r2.xml"},
        {"a.b-r7/x-0000000002.ndjson.gz", 3, "a.b-r7/x-0000000002-r3.ndjson.gz"},
        {"a/x-0000000002-r2.xml", 3, "a/x-0000000002-r3.xml"},
        {"a/x-0000000002-r19.json.gz", 20, "a/x-0000000002-r20.json.gz"},
        {"a/x-0000000002-r2.xml", 1, "a/x-0000000002.xml"},
        {"a/x-0000000002.xml", 1, "a/x-0000000002.xml"},
        {"x", 2, "x-r2"},
        {"-r2", 2, "-r2-r2"}, /* no name would be left */
        {"xr2", 2, "xr2-r2"},
    };
    struct batch longest = {.repetition = 2};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct batch batch = {.repetition = cases[i].number};
        (void)snprintf(batch.object_key, sizeof batch.object_key, "%s", cases[i].key);
        assert_true(object_key_renumber(&batch));
        assert_string_equal(batch.object_key, cases[i].expected);
    }
    memset(longest.object_key, 'k', BATCH_KEY_MAX);
    assert_false(object_key_renumber(&longest));
    assert_int_equal(strlen(longest.object_key), BATCH_KEY_MAX);
    longest.object_key[BATCH_KEY_MAX - 3] = '\0';
    assert_true(object_key_renumber(&longest));
    assert_int_equal(strlen(longest.object_key), BATCH_KEY_MAX);
}

static void the_longest_prefix_fits(void **state)
{
    char prefix[OBJECT_KEY_PREFIX_MAX + 1];
    struct batch batch = some_batch(INT64_MAX, INT64_MAX, BATCH_NDJSON);
    (void)state;
    memset(prefix, 'p', OBJECT_KEY_PREFIX_MAX);
    prefix[OBJECT_KEY_PREFIX_MAX] = '\0';
    batch.is_gzip = true;
    batch.repetition = 10000;
    object_key_make(&batch, &(struct key_rules){prefix, DATE_FOLDERS_HIVE});
    assert_memory_equal(batch.object_key, prefix, OBJECT_KEY_PREFIX_MAX);
    assert_string_equal(strchr(batch.object_key, '.'), ".ndjson.gz");
    assert_non_null(strstr(batch.object_key, "-r10000."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_key_has_prefix_time_spool_ids_and_extension),
        cmocka_unit_test(an_object_key_may_have_date_folders_and_gz_suffix),
        cmocka_unit_test(a_key_made_anew_ends_in_its_repetition),
        cmocka_unit_test(a_key_is_renumbered_before_its_extension),
        cmocka_unit_test(the_longest_prefix_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
