/* witness -- see witness.h. It keeps what it has seen as problems that are published nowhere. */
#include "common/status/witness.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/problems.h"

struct witness {
    const enum problem_code *codes;
    size_t count;
    struct lockfile nowhere;
    struct problems *seen;
    int64_t seen_since[PROBLEM_COUNT]; /* monotonic ms; 0: it is not there */
};

struct witness *witness_new(const enum problem_code *codes, size_t count)
{
    struct witness *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->codes = codes;
    w->count = count;
    w->nowhere = LOCKFILE_NONE;
    w->seen = problems_open(&w->nowhere, "");
    return w;
}

void witness_free(struct witness *w)
{
    if (!w) return;
    problems_close(w->seen);
    free(w);
}

static const struct problem *find(const struct status *status, enum problem_code code)
{
    for (size_t i = 0; i < status->problem_count; i++)
        if (strcmp(status->problems[i].code, problem_kind(code)->code) == 0) return &status->problems[i];
    return NULL;
}

void witness_update(struct witness *w, const struct status *status)
{
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < w->count; i++) {
        enum problem_code code = w->codes[i];
        const struct problem *p = find(status, code);
        if (!p) {
            w->seen_since[code] = 0;
            problems_end(w->seen, code);
            continue;
        }
        if (w->seen_since[code] == 0) w->seen_since[code] = now;
        if (now - w->seen_since[code] >= WITNESS_MS)
            problems_raise_since(w->seen, code, p->since, p->tries, p->message, p->remedy);
    }
    problems_refresh(w->seen);
}
