/*
 * log -- see log.h. A line is built on the stack and written once; a line that is too long loses its last fields; an
 * error of stderr is ignored, as it cannot be reported anywhere.
 */
#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/printable.h"
#include "common/utf8.h"

#define LINE_SIZE   4096
#define VALUES_SIZE (LINE_SIZE / 2)
#define END_SIZE    2 /* "}\n" */

static struct {
    const char *program;
    enum log_level level;
    enum log_format format;
    bool is_journal; /* stderr leads to systemd's journal, which has a time and a priority for each line */
    atomic_bool is_over_line; /* a terminal that shows a line to be erased */
} destination = {.program = "eventspool", .level = LOG_INFO, .format = LOG_TEXT};

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const int priorities[] = {3, 4, 6, 7}; /* of the same levels, in syslog(3) and sd-daemon(3) */

/* Whoever starts a service names the journal's stream by its device and inode; stderr may be another one by now. */
static bool is_journal(int fd)
{
    struct stat st;
    char stream[64];
    const char *named = getenv("JOURNAL_STREAM");
    if (!named || fstat(fd, &st) != 0) return false;
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, named) == 0;
}

void log_open(const char *program)
{
    destination.program = program;
    destination.is_journal = is_journal(STDERR_FILENO);
}

void log_configure(enum log_level level, enum log_format format)
{
    destination.level = level;
    destination.format = format;
}

void log_over_line(bool is_shown)
{
    destination.is_over_line = is_shown;
}

/* How the first character of a text is shown; a line break is only a blank, since some texts have several lines. */
static size_t show(const char *text, size_t len, char shown[PRINTABLE_SIZE])
{
    size_t step = printable_show(text, len, shown);
    if (strchr("\n\r\t", *text)) memcpy(shown, " ", 2);
    return step;
}

const char *log_quote(struct log_quoted *out, const char *value)
{
    char shown[PRINTABLE_SIZE];
    size_t n = 0;
    size_t len = value ? strlen(value) : 0;
    out->text[n++] = '"';
    for (size_t i = 0; i < len && n < sizeof out->text - sizeof shown - 3;) {
        i += show(value + i, len - i, shown);
        if (*shown == '"' || *shown == '\\') out->text[n++] = '\\';
        memcpy(out->text + n, shown, strlen(shown));
        n += strlen(shown);
    }
    out->text[n++] = '"';
    out->text[n] = '\0';
    return out->text;
}

struct line {
    char text[LINE_SIZE];
    size_t len;
};

/* Adds a piece of text, or nothing if it does not fit as a whole. */
__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t space = sizeof line->text - line->len - END_SIZE;
    int n = vsnprintf(line->text + line->len, space, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < space) line->len += (size_t)n;
}

/* Copies one value without its quotes; returns the text behind it. A value that was cut ends with the text. */
static const char *read_value(const char *value, char plain[VALUES_SIZE])
{
    char end = *value == '"' ? '"' : ' ';
    if (end == '"') value++;
    for (; *value && *value != end; value++) {
        if (end == '"' && *value == '\\' && value[1]) value++;
        *plain++ = *value;
    }
    *plain = '\0';
    return *value == '"' ? value + 1 : value;
}

static bool is_number(const char *value)
{
    size_t len = strlen(value);
    return len > 0 && len < 16 && strspn(value, "0123456789") == len && (len == 1 || value[0] != '0');
}

/* Writes key=value pairs as JSON members: numbers as numbers, all other values as strings. */
static void put_json_fields(struct line *line, const char *fields)
{
    char plain[VALUES_SIZE];
    for (fields += strspn(fields, " "); *fields; fields += strspn(fields, " ")) {
        size_t key = strcspn(fields, "= ");
        if (fields[key] != '=' || memchr(fields, '"', key) || memchr(fields, '\\', key)) return;
        const char *value = fields + key + 1;
        const char *next = read_value(value, plain);
        put(line, ",\"%.*s\":%s", (int)key, fields,
            is_number(plain) && *value != '"' ? plain : LOG_QUOTE(plain));
        fields = next;
    }
}

/* Foreign text may also stand in values that are not quoted. A value that does not fit is cut, with all that follows. */
__attribute__((format(printf, 2, 0))) static void format_fields(char fields[VALUES_SIZE], const char *format,
                                                                va_list args)
{
    char given[VALUES_SIZE];
    char shown[PRINTABLE_SIZE];
    size_t n = 0;
    int wanted = vsnprintf(given, sizeof given, format, args);
    size_t len = wanted < 0 ? 0 : strlen(given);
    if (wanted >= VALUES_SIZE) len = utf8_whole_len(given, len);
    for (size_t i = 0; i < len && n < VALUES_SIZE - sizeof shown;) {
        i += show(given + i, len - i, shown);
        memcpy(fields + n, shown, strlen(shown));
        n += strlen(shown);
    }
    fields[n] = '\0';
}

static void put_text(struct line *line, enum log_level level, const char *message, const char *values)
{
    char now[CLOCK_ISO_SIZE];
    if (!destination.is_journal) put(line, "%s ", clock_iso(clock_now_ms(), now));
    put(line, "%s %s %s%s%s", destination.program, level_names[level], LOG_QUOTE(message), *values ? " " : "",
        values);
}

static void put_json(struct line *line, enum log_level level, const char *message, const char *values)
{
    char now[CLOCK_ISO_SIZE];
    put(line, "{\"time\":\"%s\",\"program\":\"%s\",\"level\":\"%s\",\"message\":%s",
        clock_iso(clock_now_ms(), now), destination.program, level_names[level], LOG_QUOTE(message));
    put_json_fields(line, values);
    line->text[line->len++] = '}';
}

__attribute__((format(printf, 3, 0))) static void write_line(enum log_level level, const char *message,
                                                             const char *fields, va_list args)
{
    char values[VALUES_SIZE] = "";
    struct line line = {.len = 0};

    if (level > destination.level) return;
    if (fields) format_fields(values, fields, args);
    if (destination.is_journal) put(&line, "<%d>", priorities[level]);
    if (destination.is_over_line) put(&line, "\r\x1b[K");
    (destination.format == LOG_JSON ? put_json : put_text)(&line, level, message, values);
    line.text[line.len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line.text, line.len);
    (void)written;
}

#define LOG_FUNCTION(name, level)                                                                            \
    void name(const char *message, const char *fields, ...)                                                  \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, fields);                                                                              \
        write_line(level, message, fields, args);                                                            \
        va_end(args);                                                                                        \
    }

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)
