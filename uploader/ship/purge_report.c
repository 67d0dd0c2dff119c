/* purge_report -- see purge_report.h. */
#include "uploader/ship/purge_report.h"

#include <inttypes.h>

#include "common/log.h"

#define LOG_MS 10000

static void end(struct purge_report *r, int64_t now)
{
    if (r->has_logged)
        log_info("old rows were purged", "rows=%" PRId64 " took_ms=%" PRId64, r->rows, now - r->began_at);
    *r = (struct purge_report){.is_on = false};
}

bool purge_report_note(struct purge_report *r, int64_t rows, bool has_more, int64_t now)
{
    if (!r->is_on) *r = (struct purge_report){.is_on = true, .began_at = now, .next_at = now + LOG_MS};
    r->rows += rows;
    if (has_more) return now >= r->next_at;
    end(r, now);
    return false;
}

void purge_report_log(struct purge_report *r, int64_t left, int64_t now)
{
    log_info("old rows are being purged", "rows=%" PRId64 " left=%" PRId64 " for_s=%" PRId64, r->rows, left,
             (now - r->began_at) / 1000);
    r->has_logged = true;
    r->next_at = now + LOG_MS;
}
