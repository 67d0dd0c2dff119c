/* print -- see print.h. A line is built whole, and written at once. */
#include "common/print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/printable.h"
#include "common/utf8.h"

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

/* In one write, so that no line of the log comes between. What is shown is ASCII but for letters of a foreign text. */
void print_over(FILE *out, const char *text, size_t len, size_t columns)
{
    struct buf line = BUF_EMPTY;
    buf_append_char(&line, '\r');
    printable_append_shown(&line, text, len);
    if (line.len > columns)
        line.len = utf8_whole_len(line.data, columns); /* the first byte takes no column */
    buf_append_text(&line, "\x1b[K");
    (void)fwrite(line.data, 1, line.len, out);
    (void)fflush(out);
    buf_fini(&line);
}
