/* reject_counts -- see reject_counts.h. The time of a counter is that of the last arrival, also if the clock goes back. */
#include "collector/spool/reject_counts.h"

#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "common/sql.h"

struct reject_counts {
    struct stmt *count_rejects;

    /* of the present transaction */
    bool has_any;
    int64_t arrived[REJECT_REASON_COUNT];
    int64_t last_at[REJECT_REASON_COUNT]; /* ms since 1970 */
};

enum result reject_counts_open(struct reject_counts **out, struct db *db, struct why *why)
{
    struct reject_counts *counts = calloc(1, sizeof *counts);
    if (!counts) abort();
    enum result res = stmt_prepare(&counts->count_rejects, db, sql_count_rejects, why);
    if (res != RES_OK) {
        reject_counts_close(counts);
        counts = NULL;
    }
    *out = counts;
    return res;
}

void reject_counts_close(struct reject_counts *counts)
{
    if (!counts) return;
    stmt_free(counts->count_rejects);
    free(counts);
}

void reject_counts_begin(struct reject_counts *counts)
{
    if (!counts->has_any) return;
    counts->has_any = false;
    memset(counts->arrived, 0, sizeof counts->arrived);
}

void reject_counts_add(struct reject_counts *counts, const struct reject *reject)
{
    counts->has_any = true;
    counts->arrived[reject->reason]++;
    counts->last_at[reject->reason] = reject->received_at;
}

enum result reject_counts_store(struct reject_counts *counts, struct why *why)
{
    enum result res = RES_OK;
    if (!counts->has_any) return RES_OK;
    for (int i = 0; i < REJECT_REASON_COUNT && res == RES_OK; i++) {
        if (counts->arrived[i] == 0) continue;
        stmt_set_text(counts->count_rejects, ":reason", reject_reason_name((enum reject_reason)i));
        stmt_set_int(counts->count_rejects, ":arrived", counts->arrived[i]);
        stmt_set_int(counts->count_rejects, ":last_at", counts->last_at[i]);
        res = stmt_run(counts->count_rejects, NULL, why);
    }
    return res;
}
