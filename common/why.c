/* why -- see why.h. A text that is too long is cut between two characters; formatting cannot fail otherwise. */
#include "common/why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/printable.h"
#include "common/utf8.h"

/* Whatever a server, a file or a person has put into the text: it goes into the spool, the log and onto the screen. */
static void make_printable(char text[WHY_SIZE], bool is_cut)
{
    char printable[WHY_SIZE];
    char shown[PRINTABLE_SIZE];
    size_t used = 0;
    size_t len = strlen(text);
    if (is_cut) len = utf8_whole_len(text, len);
    for (size_t i = 0; i < len;) {
        i += printable_show(text + i, len - i, shown);
        if (used + strlen(shown) >= WHY_SIZE) break;
        memcpy(printable + used, shown, strlen(shown));
        used += strlen(shown);
    }
    memcpy(text, printable, used);
    text[used] = '\0';
}

__attribute__((format(printf, 2, 0))) static void set_text(char text[WHY_SIZE], const char *format,
                                                           va_list args)
{
    int len = vsnprintf(text, WHY_SIZE, format, args);
    make_printable(text, len >= WHY_SIZE);
}

enum result why_set(struct why *why, enum result res, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(why->text, format, args);
    va_end(args);
    return res;
}

enum result why_wrap(struct why *why, enum result res, const char *format, ...)
{
    struct why inner = *why;
    va_list args;
    va_start(args, format);
    set_text(why->text, format, args);
    va_end(args);
    size_t used = strlen(why->text);
    if (used > sizeof why->text - sizeof ": ") return res;
    size_t space = sizeof why->text - used - sizeof ": ";
    size_t len = strlen(inner.text);
    if (len > space) len = utf8_whole_len(inner.text, space);
    memcpy(why->text + used, ": ", 2);
    memcpy(why->text + used + 2, inner.text, len);
    why->text[used + 2 + len] = '\0';
    return res;
}

enum result why_remedy(struct why *why, enum result res, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(why->remedy, format, args);
    va_end(args);
    return res;
}

void why_clear(struct why *why)
{
    memset(why, 0, sizeof *why);
}
