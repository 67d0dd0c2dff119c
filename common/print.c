/* print -- see print.h. A line is built whole, and written at once. */
#include "common/print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/printable.h"

static void write_line(FILE *out, const char *text, size_t len)
{
    struct buf line = BUF_EMPTY;
    printable_append_shown(&line, text, len);
    buf_append_char(&line, '\n');
    (void)fwrite(line.data, 1, line.len, out);
    buf_fini(&line);
}

void print_line(FILE *out, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) abort();
    write_line(out, text, (size_t)len);
    free(text);
}

void print_lines(FILE *out, const char *text)
{
    do {
        size_t len = strcspn(text, "\n");
        write_line(out, text, len);
        text += len;
    } while (*text && *++text);
}
