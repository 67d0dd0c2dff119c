/* fuzz_sts_answer -- whatever answers for STS: keys in bounds, or none. */
#include "tests/fuzz/fuzz_support.h"
#include "uploader/credentials/sts_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer answer;
    struct why why = {0};
    struct keys keys = KEYS_NONE;
    fuzz_memory_begin();
    fuzz_take_answer(&answer, data, size);
    enum result res = sts_answer_read(&answer, "arn:aws:iam::1:role/r", &keys, &why);
    fuzz_check_keys(&keys, res);
    keys_wipe(&keys);
    fuzz_check_why(&why);
    buf_fini(&answer.body);
    fuzz_memory_end();
    return 0;
}
