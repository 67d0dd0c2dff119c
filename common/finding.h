/*
 * finding -- what `check` of either program has found, each on a line that begins with ok, problem or note.
 *
 * Whatever is in the texts, one finding stays one line, and more of it stands on lines of its own behind eight blanks: a
 * server, a file or a setting cannot make up a line.
 */
#ifndef COMMON_FINDING_H
#define COMMON_FINDING_H

#include "common/why.h"

enum finding { FINDING_OK, FINDING_NOTE, FINDING_PROBLEM };

void finding_print(enum finding finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* More about the finding before: what it costs, or what to do. */
void finding_add(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The finding, and if it is no ok: why, and what to do. */
void finding_explain(enum finding finding, const char *what, const struct why *why);

#endif
