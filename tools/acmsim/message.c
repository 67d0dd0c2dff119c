/*
 * message -- one line on standard error, for people.
 * Happy path: the message is put together first and leaves in one piece.
 * What can fail: nothing that matters; a message longer than the line is cut off.
 */
#include "tools/acmsim/message.h"

#include <stdarg.h>
#include <stdio.h>

void message(const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fprintf(stderr, "acmsim: %s\n", line);
}
