/* progress -- see progress.h. In the spool the figures are two numbers and the unit: "120000 500000 events shipped". */
#include "common/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/figures.h"

#define SAMPLE_MS  1000 /* between two samples */
#define LEFT_MAX_S (100 * 86400)
#define MINUTE_S   60
#define HOUR_S     3600
#define DAY_S      86400

void progress_set(struct progress *p, int64_t done, int64_t total, const char *unit)
{
    p->done = done;
    p->total = total >= done ? total : 0;
    (void)snprintf(p->unit, sizeof p->unit, "%s", unit);
}

/* ---- as a text in the spool ---- */

void progress_write(const struct progress *p, const char *sentence, size_t len, struct buf *out)
{
    if (*p->unit) buf_append_format(out, "%" PRId64 " %" PRId64 " %s\n", p->done, p->total, p->unit);
    buf_append(out, sentence, len);
}

/* A number and the blank behind it; `*text` moves behind both. */
static bool read_number(const char **text, int64_t *number)
{
    char *end = NULL;
    if (**text < '0' || **text > '9') return false;
    errno = 0;
    *number = strtoll(*text, &end, 10);
    if (errno != 0 || *end != ' ') return false;
    *text = end + 1;
    return true;
}

const char *progress_read(const char *text, struct progress *p)
{
    const char *at = text;
    int64_t done = 0;
    int64_t total = 0;
    char unit[PROGRESS_UNIT_SIZE];
    memset(p, 0, sizeof *p);
    if (!read_number(&at, &done) || !read_number(&at, &total)) return text;
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz ");
    if (len == 0 || len >= sizeof unit || at[len] != '\n') return text;
    memcpy(unit, at, len);
    unit[len] = '\0';
    progress_set(p, done, total, unit);
    return at + len + 1;
}

/* ---- how fast ---- */

/* Only one sample is kept that is older than the window. */
static void forget_old_samples(struct progress_meter *m, int64_t now)
{
    int old = 0;
    while (old + 1 < m->count && now - m->samples[old + 1].at >= PROGRESS_WINDOW_MS) old++;
    if (old == 0 && m->count == PROGRESS_SAMPLES) old = 1;
    m->count -= old;
    memmove(m->samples, m->samples + old, (size_t)m->count * sizeof *m->samples);
}

double progress_meter_note(struct progress_meter *m, int64_t done, int64_t now)
{
    if (m->count > 0 && done < m->samples[m->count - 1].done) m->count = 0;
    if (m->count == 0 || now - m->samples[m->count - 1].at >= SAMPLE_MS) {
        forget_old_samples(m, now);
        m->samples[m->count].at = now;
        m->samples[m->count].done = done;
        m->count++;
    }
    int64_t span_ms = now - m->samples[0].at;
    if (span_ms < PROGRESS_SETTLE_MS) return -1;
    return (double)(done - m->samples[0].done) * 1000 / (double)span_ms;
}

int64_t progress_left_s(const struct progress *p, double rate)
{
    if (p->total == 0 || rate <= 0) return -1;
    double exact_s = (double)(p->total - p->done) / rate;
    if (exact_s > LEFT_MAX_S) return -1;
    int64_t left_s = (int64_t)exact_s;
    return (double)left_s < exact_s ? left_s + 1 : left_s;
}

/* ---- for a person ---- */

static void append_number(struct buf *out, int64_t number)
{
    char text[FIGURES_SIZE];
    buf_append_text(out, figures_count(number, text));
}

void progress_append_figures(struct buf *out, const struct progress *p)
{
    append_number(out, p->done);
    if (p->total > 0) {
        buf_append_text(out, " of ");
        append_number(out, p->total);
    }
    buf_append_format(out, " %s", p->unit);
}

/* What is slow is told by the minute: of a window of half a minute it is two at least. */
static void append_rate(struct buf *out, double rate)
{
    if (rate >= 10 || rate == 0) {
        append_number(out, (int64_t)(rate + 0.5));
        buf_append_text(out, "/s");
    } else if (rate >= 1) {
        buf_append_format(out, "%.1f/s", rate);
    } else {
        buf_append_format(out, "%.0f/min", rate * MINUTE_S);
    }
}

static void append_left(struct buf *out, int64_t left_s)
{
    if (left_s < MINUTE_S)
        buf_append_format(out, ", %" PRId64 " s left", left_s);
    else if (left_s < 10 * (int64_t)MINUTE_S)
        buf_append_format(out, ", %" PRId64 " min %" PRId64 " s left", left_s / MINUTE_S, left_s % MINUTE_S);
    else if (left_s < HOUR_S)
        buf_append_format(out, ", %" PRId64 " min left", left_s / MINUTE_S);
    else if (left_s < DAY_S)
        buf_append_format(out, ", %" PRId64 " h %" PRId64 " min left", left_s / HOUR_S,
                          left_s % HOUR_S / MINUTE_S);
    else
        buf_append_format(out, ", %" PRId64 " d %" PRId64 " h left", left_s / DAY_S, left_s % DAY_S / HOUR_S);
}

void progress_append_line(struct buf *out, const char *label, const struct progress *p, double rate)
{
    buf_append_format(out, "%s: ", label);
    progress_append_figures(out, p);
    if (rate < 0) return;
    buf_append_text(out, ", ");
    append_rate(out, rate);
    int64_t left_s = progress_left_s(p, rate);
    if (left_s > 0) append_left(out, left_s);
}
