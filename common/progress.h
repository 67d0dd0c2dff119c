/*
 * progress -- how far long work has come: its figures, their form in the spool, how fast it goes, the text for a
 * person. Pure: the caller gives the time. common/progress_line.h shows it.
 *
 *   flush: 120,000 of 500,000 events shipped, 8,200/s, 46 s left
 */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

#include <stdint.h>

#include "common/buf.h"

#define PROGRESS_UNIT_SIZE 48
#define PROGRESS_WINDOW_MS 30000 /* the rate is that of so long a time */
#define PROGRESS_SETTLE_MS 2000  /* before that no rate is known */
#define PROGRESS_SAMPLES   32

/* How far the work has come. All zero: that is not known. */
struct progress {
    int64_t done, total;           /* `total` 0: not known */
    char unit[PROGRESS_UNIT_SIZE]; /* what is counted, as "events shipped": small letters and blanks */
};

/* `unit` is a constant text of small letters and blanks. A `total` below `done` counts as not known. */
void progress_set(struct progress *progress, int64_t done, int64_t total, const char *unit);

/* ---- as a text in the spool ---- */

/*
 * Appends what a request's row holds: a line with the figures, if they are known, and the sentence for a person.
 * Without figures it is the sentence alone.
 */
void progress_write(const struct progress *progress, const char *sentence, size_t len, struct buf *out);

/*
 * Reads such a text, and returns the sentence in it. A text of another form, of another version, has no figures, and is
 * the sentence as a whole. Its lines may hold anything.
 */
const char *progress_read(const char *text, struct progress *progress);

/* ---- how fast ---- */

/* What was done at some moments, the oldest first. All zero at the beginning. */
struct progress_meter {
    struct {
        int64_t at, done; /* `at`: monotonic ms */
    } samples[PROGRESS_SAMPLES];
    int count;
};

/*
 * Notes what is done now, and returns how much is done in a second, over the last PROGRESS_WINDOW_MS; -1 until
 * PROGRESS_SETTLE_MS have passed. Where less is done than before, the work has begun anew.
 */
double progress_meter_note(struct progress_meter *meter, int64_t done, int64_t now);

/* Seconds until all is done at this rate, rounded up; -1: not known, or more than a hundred days. */
int64_t progress_left_s(const struct progress *progress, double rate);

/* ---- for a person ---- */

/* Appends "120,000 of 500,000 events shipped", or without a total "1,200 rejects checked". */
void progress_append_figures(struct buf *out, const struct progress *progress);

/* Appends the whole line, without a line break. A negative `rate` is not known. */
void progress_append_line(struct buf *out, const char *label, const struct progress *progress, double rate);

#endif
