/* view -- see view.h. */
#include "tests/support/worlds/view.h"

struct view view_start(int64_t first_ms, int64_t now)
{
    return (struct view){.failed_at = -1,
                         .counted_at = -1,
                         .doubt_at = -1,
                         .rested_from = -1,
                         .good_at = -1,
                         .well_at = -1,
                         .unwell_from = now,
                         .first_ms = first_ms};
}

/* It proves that the scope works if it began after all that may have failed. Of a probe that began before, it may. */
void view_succeed(struct view *view, const struct view_try *a_try, int64_t now)
{
    bool is_news = a_try->began >= view->doubt_at;
    if (a_try->began < view->counted_at && (view->is_well || !a_try->is_probe)) return;
    view->is_failing = false;
    view->failures = 0;
    view->rested_from = -1;
    view->well_at = now;
    if (!is_news) return;
    view->is_well = true;
    view->failed_at = -1;
    view->good_at = now;
}

/*
 * Tries that ran beside each other are one failure, and silence tells of the time when its try began. A failure that is
 * old for these reasons may still count if the try was the probe; never where the scope is surely known to work.
 */
void view_fail(struct view *view, const struct view_try *a_try, bool is_silent, int64_t asked_ms, int64_t now)
{
    int64_t asked = asked_ms < VIEW_ASKED_MAX_MS ? asked_ms : VIEW_ASKED_MAX_MS;
    if (asked > 0 && now + asked > view->asked_until) view->asked_until = now + asked;
    bool is_old = a_try->began < view->counted_at || (is_silent && a_try->began < view->good_at);
    bool is_doubtful = a_try->began < view->doubt_at || (is_silent && a_try->began < view->well_at);
    bool is_news = !is_old && !is_doubtful;
    if (is_old && (view->is_well || !a_try->is_probe)) return;
    if (!view->is_failing) view->unwell_from = now;
    view->is_well = false;
    view->failed_at = view->doubt_at = now;
    if (!is_news) return;
    view->is_failing = true;
    view->failures++;
    view->counted_at = now;
    if (!a_try->has_others) view->rested_from = now;
}

void view_hurry(struct view *view)
{
    view->asked_until = 0;
    view->failed_at = -1;
    view->rested_from = -1;
}

int64_t view_floor(const struct view *view)
{
    int64_t pause = view->failures >= 10 ? VIEW_LATER_MS : view->first_ms;
    int64_t rest = view->is_failing && view->rested_from >= 0 ? view->rested_from + pause : 0;
    return rest > view->asked_until ? rest : view->asked_until;
}

int64_t view_ceiling(const struct view *view)
{
    int64_t rest = !view->is_well && view->failed_at >= 0 ? view->failed_at + VIEW_REST_MS : 0;
    return rest > view->asked_until ? rest : view->asked_until;
}
