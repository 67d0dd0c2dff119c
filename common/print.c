/* print -- see print.h. A line is built whole, and written at once. */
#include "common/print.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/printable.h"
#include "common/utf8.h"

#define COLUMNS 80 /* of a terminal that does not say how wide it is */

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

/* The length of a command between backquotes that begins here, with these; 0: none does. */
static size_t command_len(const char *text, size_t len)
{
    const char *end = len > 0 && *text == '`' ? memchr(text + 1, '`', len - 1) : NULL;
    return end ? (size_t)(end + 1 - text) : 0;
}

/* The length of the part of the text that fits into so many columns, to a blank or to the end; its first word always. */
static size_t fitting_len(const char *text, size_t len, size_t columns)
{
    size_t column = 0;
    size_t fitting = 0;
    size_t command_end = 0;
    for (size_t i = 0; i < len; i++) {
        if (i >= command_end) command_end = i + command_len(text + i, len - i);
        if (text[i] == ' ' && i >= command_end) fitting = i;
        if (((unsigned char)text[i] & 0xC0) != 0x80) column++; /* not for what continues a letter */
        if (column > columns && fitting > 0) return fitting;
    }
    return len;
}

static void write_broken(struct buf *lines, const char *text, size_t len, size_t columns)
{
    size_t part = fitting_len(text, len, columns);
    buf_append(lines, text, part);
    while (part < len) {
        text += part + 1; /* behind the blank */
        len -= part + 1;
        part = fitting_len(text, len, columns);
        buf_append_format(lines, "\n%*s", PRINT_INDENT, "");
        buf_append(lines, text, part);
    }
    buf_append_char(lines, '\n');
}

void print_entry(FILE *out, const char *label, size_t columns, const char *format, ...)
{
    struct buf text = BUF_EMPTY;
    struct buf lines = BUF_EMPTY;
    char *formatted = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&formatted, format, args);
    va_end(args);
    if (len < 0) abort();
    printable_append_shown(&text, formatted, (size_t)len);
    buf_append_format(&lines, "%-*s", PRINT_INDENT, label);
    write_broken(&lines, text.data ? text.data : "", text.len,
                 columns > 2 * PRINT_INDENT ? columns - 1 - PRINT_INDENT : SIZE_MAX);
    (void)fwrite(lines.data, 1, lines.len, out);
    buf_fini(&lines);
    buf_fini(&text);
    free(formatted);
}

size_t print_columns(FILE *out)
{
    struct winsize size = {.ws_col = 0};
    if (isatty(fileno(out)) != 1) return 0;
    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS;
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
