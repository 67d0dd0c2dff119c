/* fuzz_times -- times as servers write them: in bounds, and what is written of them can be read again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/fuzz/fuzz_support.h"
#include "uploader/http/iso_time.h"
#include "uploader/http/server_time.h"
#include "uploader/http/sigv4.h"
#include "uploader/store/s3_error.h"

static void check_iso_time(const char *text)
{
    char again[CLOCK_ISO_SIZE];
    int64_t at_ms = 0;
    int64_t again_ms = 0;
    if (!iso_time_parse(text, &at_ms)) return;
    assert(at_ms > -INT64_C(62135769600000) && at_ms < INT64_C(253402387200000));
    struct keys keys = {.expires_at = at_ms};
    (void)keys_age(&keys, INT64_C(1753805700000));
    if (at_ms < 0 || at_ms > INT64_C(253402300799999)) return;
    assert(iso_time_parse(clock_iso(at_ms, again), &again_ms) && again_ms == at_ms);
}

/* `text` is a date, and what the server wants us to wait for, with its own date behind a line break. */
static void check_server_time(char *text)
{
    struct http_answer answer = {.status = 503};
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    int64_t at_s = 0;
    char *date = strchr(text, '\n');
    if (date) *date++ = '\0';
    if (server_time_read(text, &at_s)) {
        assert(at_s >= SERVER_TIME_FIRST_S && at_s <= SERVER_TIME_LAST_S);
        sigv4_timestamp(at_s, timestamp);
    }
    if (strlen(text) < HTTP_HEADER_SIZE) memcpy(answer.retry_after, text, strlen(text) + 1);
    if (date && strlen(date) < HTTP_HEADER_SIZE) memcpy(answer.date, date, strlen(date) + 1);
    int64_t wait_ms = s3_error_wait_ms(&answer, 1753805700);
    assert(wait_ms >= 0 && wait_ms <= S3_WAIT_MAX_MS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[1024];
    char key[CLOCK_KEY_SIZE];
    char iso[CLOCK_ISO_SIZE];
    int64_t any = 0;
    if (size >= sizeof text) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    memcpy(&any, text, size < sizeof any ? size : sizeof any);
    assert(strlen(clock_key_time(any, key)) == CLOCK_KEY_SIZE - 1 && strlen(clock_iso(any, iso)) <= 24);
    fuzz_memory_begin();
    check_iso_time(text);
    check_server_time(text);
    fuzz_memory_end();
    return 0;
}
