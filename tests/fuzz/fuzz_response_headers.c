/* fuzz_response_headers -- the lines of a response's header: each value kept is a text in bounds, without controls. */
#include <assert.h>
#include <string.h>

#include "tests/fuzz/fuzz_support.h"

static void check(const char value[HTTP_HEADER_SIZE])
{
    size_t len = strnlen(value, HTTP_HEADER_SIZE);
    assert(len < HTTP_HEADER_SIZE);
    for (size_t i = 0; i < len; i++) assert((unsigned char)value[i] >= ' ' && value[i] != 0x7f);
    assert(len == 0 || (!strchr(" \t\"", value[0]) && !strchr(" \t\"", value[len - 1])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer answer;
    fuzz_memory_begin();
    fuzz_take_answer(&answer, data, size);
    check(answer.etag);
    check(answer.sha256);
    check(answer.region);
    check(answer.request_id);
    check(answer.retry_after);
    check(answer.encryption);
    check(answer.date);
    buf_fini(&answer.body);
    fuzz_memory_end();
    return 0;
}
