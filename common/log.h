/*
 * log -- one line per event on stderr: time, program, level, a constant message, key=value fields.
 *
 *   2031-05-04T10:11:12.345Z uploader info "batch shipped" batch=41 events=500
 *
 * Where stderr is systemd's journal (JOURNAL_STREAM), a line begins with its priority, as `<6>`, which the journal takes
 * off, and a line of text has no time, which the journal has itself. A JSON line is the same object everywhere.
 *
 * The code that decides what to do about an error logs it, once; the code that fails only returns it. Levels: error (a
 * person must act), warn (the program has handled it), info (start, stop, and one line per batch), debug (everything
 * else). Whatever the values hold, a line is one line of printable characters (printable.h), and as JSON it is valid: a
 * line break in a value is a blank, other characters that would not show become escapes. Personal data (names, card
 * numbers, payloads) must never go into a log. Each line is one write(2), so lines of several threads do not mix.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

#define LOG_QUOTED_SIZE 1200

struct log_quoted {
    char text[LOG_QUOTED_SIZE];
};

/* Quotes a value that may have blanks or quotes in it, for use after `key=`: `"why=%s", LOG_QUOTE(why.text)`. */
#define LOG_QUOTE(value) log_quote(&(struct log_quoted){""}, (value))
const char *log_quote(struct log_quoted *out, const char *value);

void log_open(
    const char *program); /* `program` is borrowed for the process's life; level info, format text */
void log_configure(enum log_level level, enum log_format format);

/* While `is_shown`, a line stands on the terminal (progress_line.h) that each line of the log has to erase first. */
void log_over_line(bool is_shown);

/*
 * `message` is constant text; `fields` is a printf format of key=value pairs separated by blanks, or NULL. Cannot fail.
 */
void log_error(const char *message, const char *fields, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *message, const char *fields, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *message, const char *fields, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *message, const char *fields, ...) __attribute__((format(printf, 2, 3)));

#endif
