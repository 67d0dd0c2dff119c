/* source -- see source.h. */
#include "uploader/credentials/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

void source_set_name(struct source_query *query, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(query->name, sizeof query->name, format, args);
    va_end(args);
    query->name[utf8_whole_len(query->name, strlen(query->name))] = '\0';
}

void source_note_searched(struct source_query *query, const char *format, ...)
{
    va_list args;
    size_t len = strlen(query->searched);
    if (len > 0) len += (size_t)snprintf(query->searched + len, sizeof query->searched - len, "; ");
    if (len >= sizeof query->searched) return;
    va_start(args, format);
    (void)vsnprintf(query->searched + len, sizeof query->searched - len, format, args);
    va_end(args);
    query->searched[utf8_whole_len(query->searched, strlen(query->searched))] = '\0';
}
