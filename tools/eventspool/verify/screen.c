/* screen -- see screen.h. */
#include "tools/eventspool/verify/screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/print.h"

#define LINE_SIZE (STATUS_KEY_SIZE + WHY_SIZE)
#define INDENT    19 /* the column of the sentences */

void screen_line(const char *how, int64_t ms, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_line(stdout, "%-8s %4" PRId64 ".%03" PRId64 " s  %s", how, ms / 1000, ms % 1000, text);
    (void)fflush(stdout);
}

void screen_more(const char *text)
{
    if (*text) print_line(stdout, "%*s%s", INDENT, "", text);
}

void screen_why(const char *how, int64_t ms, const struct why *why)
{
    screen_line(how, ms, "%s", why->text);
    screen_more(why->remedy);
}

void screen_problems(int64_t ms, const struct status *status)
{
    if (status->is_trial) screen_line("note", ms, "trial mode: objects are files in %s", status->destination);
    for (size_t i = 0; i < status->problem_count; i++) {
        const struct problem *problem = &status->problems[i];
        if (problem_severity(problem->code) < PROBLEM_WARNING) continue;
        screen_line("note", ms, "%s: %s", problem->code, problem->message);
        screen_more(problem->remedy);
    }
}
