/* fuzz_keys_json -- the JSON of a container's endpoint, of instance metadata, of credential_process. */
#include "tests/fuzz/fuzz_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const token_names[] = {"Token", "SessionToken"};
    struct keys keys = KEYS_NONE;
    struct buf text = BUF_EMPTY;
    struct why why = {0};
    if (size == 0) return 0;
    fuzz_memory_begin();
    buf_append(&text, data + 1, size - 1);
    enum result res = keys_parse_json(&keys, &text, token_names[data[0] % 2], &why);
    fuzz_check_keys(&keys, res);
    keys_wipe(&keys);
    fuzz_check_why(&why);
    buf_fini(&text);
    fuzz_memory_end();
    return 0;
}
