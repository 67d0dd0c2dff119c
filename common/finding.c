/* finding -- see finding.h. */
#include "common/finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/print.h"

#define LINE_SIZE (3 * WHY_SIZE) /* a longer text is cut */

static const char *const words[] = {
    [FINDING_OK] = "ok      ", [FINDING_NOTE] = "note    ", [FINDING_PROBLEM] = "problem "};

__attribute__((format(printf, 2, 0))) static void print(const char *begin, const char *format, va_list args)
{
    char text[LINE_SIZE];
    (void)vsnprintf(text, sizeof text, format, args);
    print_line(stdout, "%s%s", begin, text);
}

void finding_print(enum finding finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(words[finding], format, args);
    va_end(args);
}

void finding_add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print("        ", format, args);
    va_end(args);
}

void finding_explain(enum finding finding, const char *what, const struct why *why)
{
    if (finding == FINDING_OK) {
        finding_print(finding, "%s", what);
        return;
    }
    finding_print(finding, "%s: %s", what, why->text);
    if (*why->remedy) finding_add("%s", why->remedy);
}
