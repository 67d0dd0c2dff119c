/* errands -- see errands.h. */
#include "uploader/ship/errands.h"

#include <assert.h>
#include <stddef.h>

void errand_move(struct errand *errand, enum errand_state next)
{
    assert(next == errand->state + 1);
    errand->state = next;
}

bool errands_want(struct errands *errands, struct errand *errand)
{
    for (int i = 0; i < ERRANDS_MAX; i++) {
        if (errands->list[i]) continue;
        errands->list[i] = errand;
        errand_move(errand, ERRAND_WANTED);
        return true;
    }
    return false;
}

void errands_forget(struct errands *errands, const struct errand *errand)
{
    for (int i = 0; i < ERRANDS_MAX; i++)
        if (errands->list[i] == errand) errands->list[i] = NULL;
}

static bool is_wanted(const struct errand *errand)
{
    return errand && errand->state == ERRAND_WANTED;
}

int errands_wanted(const struct errands *errands)
{
    int count = 0;
    for (int i = 0; i < ERRANDS_MAX; i++) count += is_wanted(errands->list[i]);
    return count;
}

struct errand *errands_next(const struct errands *errands)
{
    for (int i = 0; i < ERRANDS_MAX; i++)
        if (is_wanted(errands->list[i])) return errands->list[i];
    return NULL;
}
