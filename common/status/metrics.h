/*
 * metrics -- a status as Prometheus reads it: the text format 0.0.4, each metric with HELP and TYPE, no series twice.
 * docs/reference-status.md has the table.
 *
 * What is counted since the spool's creation outlives restarts and purges. Where the spool could not be read yet, its
 * figures are left out, as 0 would be one.
 */
#ifndef COMMON_STATUS_METRICS_H
#define COMMON_STATUS_METRICS_H

#include "common/buf.h"
#include "common/histogram.h"
#include "common/status/status.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* What only the running collector knows. All borrowed. */
struct metrics_live {
    int64_t connections;
    int64_t wal_bytes;                 /* -1: not known */
    const struct histogram *commits;   /* since the program's start */
    const char *const *reject_reasons; /* all that there are, then NULL */
};

/* All metrics of the installation, from the collector. Appends to `out`. */
void metrics_of_collector(const struct status *status, const struct metrics_live *live, struct buf *out);

/*
 * The uploader's own: uploads, its problems, build_info; and whether the collector is absent, which only others can tell.
 * Appends to `out`.
 */
void metrics_of_uploader(const struct status *status, bool is_collector_absent, struct buf *out);

#endif
