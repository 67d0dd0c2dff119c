/* fuzz_shown -- foreign text where people see it: explanations, values of the log, what print_line() prints. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/printable.h"
#include "tests/fuzz/fuzz_support.h"

/* Also: what is printable already is not changed. */
static void check_printable(const char *text, size_t len)
{
    struct buf once = BUF_EMPTY;
    struct buf twice = BUF_EMPTY;
    printable_append_shown(&once, text, len);
    printable_append_shown(&twice, once.data, once.len);
    assert(once.len == twice.len && (once.len == 0 || memcmp(once.data, twice.data, once.len) == 0));
    buf_append_char(&once, '\0');
    fuzz_check_shown(once.data);
    buf_clear(&twice);
    printable_append(&twice, text, len);
    buf_append_char(&twice, '\0');
    fuzz_check_shown(twice.data);
    buf_fini(&once);
    buf_fini(&twice);
}

static void check_why(const char *text)
{
    struct why why = {0};
    (void)why_set(&why, RES_RETRY, "%s", text);
    fuzz_check_why(&why);
    (void)why_wrap(&why, RES_RETRY, "%.*s", 900, text);
    (void)why_remedy(&why, RES_RETRY, "%s", text);
    fuzz_check_why(&why);
}

/* A quoted value ends with its quote, and no other one stands alone in it. */
static void check_quoted(const char *text)
{
    const char *quoted = LOG_QUOTE(text);
    size_t len = strlen(quoted);
    fuzz_check_shown(quoted);
    assert(len < LOG_QUOTED_SIZE && len >= 2 && quoted[0] == '"' && quoted[len - 1] == '"');
    for (size_t i = 1; i < len - 1; i++) {
        assert(quoted[i] != '"');
        if (quoted[i] == '\\') i++;
        assert(i < len - 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_memory_begin();
    char *text = malloc(size + 1);
    assert(text);
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    check_printable(text, size);
    check_why(text);
    check_quoted(text);
    free(text);
    fuzz_memory_end();
    return 0;
}
