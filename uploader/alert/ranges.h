/*
 * ranges -- loads what is not in the bucket (common/status/ranges.h).
 */
#ifndef UPLOADER_ALERT_RANGES_H
#define UPLOADER_ALERT_RANGES_H

#include "common/db.h"
#include "common/status/ranges.h"

/* The errors are those of db.h. */
MUST_CHECK enum result ranges_load(struct status_ranges *ranges, struct db *db, struct why *why);

#endif
