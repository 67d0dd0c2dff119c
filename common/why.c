/* why -- see why.h. A text that is too long is cut; formatting cannot fail otherwise. */
#include "common/why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

/*
 * Cuts the text where it stops being UTF-8, by a cut or by a server's bytes: it goes into the spool and onto the
 * screen.
 */
static void cut_to_utf8(char *text)
{
    text[utf8_valid_len(text, strlen(text))] = '\0';
}

enum result why_set(struct why *why, enum result res, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    cut_to_utf8(why->text);
    return res;
}

enum result why_wrap(struct why *why, enum result res, const char *format, ...)
{
    struct why inner = *why;
    va_list args;
    va_start(args, format);
    int used = vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    if (used < 0 || (size_t)used > sizeof why->text - sizeof ": ") return res;
    char *end = why->text + used;
    size_t space = sizeof why->text - (size_t)used - sizeof ": ";
    size_t len = strnlen(inner.text, space);
    memcpy(end, ": ", 2);
    memcpy(end + 2, inner.text, len);
    end[2 + len] = '\0';
    cut_to_utf8(why->text);
    return res;
}

enum result why_remedy(struct why *why, enum result res, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why->remedy, sizeof why->remedy, format, args);
    va_end(args);
    cut_to_utf8(why->remedy);
    return res;
}

void why_clear(struct why *why)
{
    memset(why, 0, sizeof *why);
}
