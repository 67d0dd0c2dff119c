/* progress_line -- see progress_line.h. */
#include "common/progress_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/print.h"

#define DRAW_MS 250
#define LOG_MS  10000

static bool is_terminal(void)
{
    const char *kind = getenv("TERM"); /* NOLINT(concurrency-mt-unsafe): nothing changes the environment */
    return kind && *kind && strcmp(kind, "dumb") != 0 && isatty(STDERR_FILENO) == 1;
}

void progress_line_init(struct progress_line *line, const char *label)
{
    int64_t now = clock_monotonic_ms();
    *line = (struct progress_line){.label = label, .is_terminal = is_terminal()};
    line->next_due = line->is_terminal ? now : now + LOG_MS;
}

static void draw(struct progress_line *line, const struct progress *progress, double rate)
{
    struct buf text = BUF_EMPTY;
    progress_append_line(&text, line->label, progress, rate);
    print_over(stderr, text.data, text.len, print_columns(stderr));
    buf_fini(&text);
    line->is_shown = true;
    log_over_line(true);
}

static void log_figures(const struct progress_line *line, const struct progress *p, double rate)
{
    struct buf more = BUF_EMPTY;
    int64_t left_s = progress_left_s(p, rate);
    if (p->total > 0) buf_append_format(&more, " total=%" PRId64, p->total);
    if (rate >= 0) buf_append_format(&more, " per_s=%.1f", rate);
    if (left_s >= 0) buf_append_format(&more, " left_s=%" PRId64, left_s);
    log_info("the work goes on", "what=%s unit=%s done=%" PRId64 "%.*s", line->label, LOG_QUOTE(p->unit),
             p->done, (int)more.len, more.len > 0 ? more.data : "");
    buf_fini(&more);
}

void progress_line_show(struct progress_line *line, const struct progress *progress)
{
    int64_t now = clock_monotonic_ms();
    double rate = progress_meter_note(&line->meter, progress->done, now);
    if (now < line->next_due) return;
    if (line->is_terminal)
        draw(line, progress, rate);
    else
        log_figures(line, progress, rate);
    line->next_due = now + (line->is_terminal ? DRAW_MS : LOG_MS);
}

void progress_line_erase(struct progress_line *line)
{
    if (!line->is_shown) return;
    log_over_line(false);
    print_over(stderr, "", 0, 1);
    line->is_shown = false;
}
