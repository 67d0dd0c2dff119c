/*
 * purge_report -- what the log says of a purge that goes on for long: a line every ten seconds with what was deleted
 * and what is left, and one at its end. A purge that ends within ten seconds is not mentioned. The caller gives the
 * time.
 */
#ifndef UPLOADER_SHIP_PURGE_REPORT_H
#define UPLOADER_SHIP_PURGE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct purge_report { /* all zeros: nothing is being purged */
    bool is_on, has_logged;
    int64_t began_at, next_at; /* monotonic ms */
    int64_t rows;              /* deleted since */
};

/*
 * So many rows were deleted just now. `has_more`: the purge goes on without a pause. Returns true if a line is due, for
 * which purge_report_log() is to be called.
 */
bool purge_report_note(struct purge_report *report, int64_t rows, bool has_more, int64_t now);

/* `left`: rows that are still to be deleted. */
void purge_report_log(struct purge_report *report, int64_t left, int64_t now);

#endif
