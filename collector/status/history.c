/* history -- see history.h. */
#include "collector/status/history.h"

#include <stddef.h>
#include <string.h>

void history_init(struct history *h, int64_t step_ms, int64_t points)
{
    memset(h, 0, sizeof *h);
    h->step_ms = step_ms;
    h->points = points;
}

static struct history_cell *cell_of(struct history *h, int64_t step)
{
    return &h->cells[step % HISTORY_CELLS];
}

/* NULL: the step is not known. */
static const struct history_totals *end_of(const struct history *h, int64_t step)
{
    const struct history_cell *cell = &h->cells[step > 0 ? step % HISTORY_CELLS : 0];
    return step > 0 && cell->step == step ? &cell->end : NULL;
}

/* The clock has jumped back: what lies ahead has not happened. */
static void forget_after(struct history *h, int64_t step)
{
    for (size_t i = 0; i < HISTORY_CELLS; i++)
        if (h->cells[i].step > step) h->cells[i].step = 0;
}

void history_add(struct history *h, int64_t at, const struct history_totals *totals)
{
    int64_t step = at / h->step_ms;
    if (step <= 0) return; /* a clock in 1970 */
    if (step < h->newest) forget_after(h, step);
    h->newest = step;
    *cell_of(h, step) = (struct history_cell){step, *totals};
}

void history_fill(struct history *h, int64_t back, const struct history_totals *totals)
{
    int64_t step = h->newest - back;
    if (step <= 0 || back < 1 || back > h->points || end_of(h, step)) return;
    *cell_of(h, step) = (struct history_cell){step, *totals};
}

int64_t history_end_at(const struct history *h, int64_t back)
{
    return (h->newest - back + 1) * h->step_ms;
}

/* What has been added between two totals; they fall where a person takes something back, which is nothing added. */
static int64_t added(int64_t before, int64_t after)
{
    if (before < 0 || after < 0) return -1;
    return after > before ? after - before : 0;
}

void history_copy(const struct history *h, struct live_series *series)
{
    series->step_ms = h->step_ms;
    series->count = h->newest > 0 ? (size_t)h->points : 0;
    series->end_at = h->newest > 0 ? history_end_at(h, 0) : 0;
    for (size_t i = 0; i < series->count; i++) {
        int64_t step = h->newest - h->points + 1 + (int64_t)i;
        const struct history_totals *before = end_of(h, step - 1);
        const struct history_totals *end = end_of(h, step);
        series->received[i] = before && end ? added(before->received, end->received) : -1;
        series->shipped[i] = before && end ? added(before->shipped, end->shipped) : -1;
        series->backlog[i] = end ? end->backlog : -1;
    }
}
