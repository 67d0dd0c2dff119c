/*
 * progress_line -- shows how far long work has come (common/progress.h), on standard error.
 *
 * On a terminal it is one line that is written over, at most four times a second, cut to the terminal's width as it is
 * at that moment. Lines of the log erase it first, and it comes again below them. Nothing about the terminal is
 * changed, so a process that is killed leaves it as it was, with that line. Elsewhere, and with TERM=dumb or none, it
 * is a line in the log every ten seconds, the first after ten, so that short work logs none.
 */
#ifndef COMMON_PROGRESS_LINE_H
#define COMMON_PROGRESS_LINE_H

#include <stdbool.h>

#include "common/progress.h"

struct progress_line {
    const char *label; /* what is being done, in a word; borrowed */
    bool is_terminal;
    bool is_shown; /* on the terminal, now */
    int64_t next_due;
    struct progress_meter meter;
};

/* Looks at standard error; shows nothing yet. There is one such line in a process. */
void progress_line_init(struct progress_line *line, const char *label);

/* To be called several times a second, also if nothing has changed. */
void progress_line_show(struct progress_line *line, const struct progress *progress);

/* Before anything else is printed, and at the end: the line goes from the terminal. */
void progress_line_erase(struct progress_line *line);

#endif
