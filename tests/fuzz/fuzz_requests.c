/* fuzz_requests -- what other processes leave in the spool and in the lock files: requests and problems. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/positive.h"
#include "common/problems.h"
#include "tests/fuzz/fuzz_support.h"
#include "uploader/ship/reship_order.h"
#include "uploader/ship/resolve.h"

/* What was understood can be written, and is understood again. */
static void check_order(const char *text)
{
    struct reship_order order;
    struct reship_order again;
    struct buf out = BUF_EMPTY;
    if (!reship_order_read(text, &order)) return;
    reship_order_write(&order, &out);
    buf_append_char(&out, '\0');
    assert(reship_order_read(out.data, &again) && again.batch_id == order.batch_id);
    buf_fini(&out);
}

static void check_resolve(const char *text)
{
    struct resolve_request request;
    struct resolve_request again;
    struct buf out = BUF_EMPTY;
    if (!resolve_request_read(text, &request)) return;
    assert(request.batch_id > 0 && (unsigned)request.word < RESOLVE_WORD_COUNT);
    assert(memchr(request.by, '\0', sizeof request.by) && memchr(request.note, '\0', sizeof request.note));
    resolve_request_write(&request, &out);
    buf_append_char(&out, '\0');
    assert(resolve_request_read(out.data, &again) && again.batch_id == request.batch_id);
    buf_fini(&out);
}

static void check_problems(const char *text)
{
    struct problem problem;
    while (problems_parse(&text, "collector", &problem)) {
        assert(problem.since >= 0);
        assert(memchr(problem.code, '\0', sizeof problem.code));
        assert(memchr(problem.message, '\0', sizeof problem.message));
        assert(memchr(problem.remedy, '\0', sizeof problem.remedy));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_memory_begin();
    char *text = malloc(size + 1);
    assert(text);
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    check_order(text);
    check_resolve(text);
    check_problems(text);
    for (const char *list = text; positive_next(&list) > 0;) continue;
    free(text);
    fuzz_memory_end();
    return 0;
}
