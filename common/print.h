/*
 * print -- lines on standard output and standard error, for people.
 *
 * Everything that a command prints goes through here, since nearly every line may hold foreign text: a server's answer,
 * a sender's name, a file's, a setting. Whatever the values hold, what is printed is one line of printable characters
 * (printable.h). `make lint` looks for others that print.
 */
#ifndef COMMON_PRINT_H
#define COMMON_PRINT_H

#include <stddef.h>
#include <stdio.h>

/* Prints the formatted text and a line break. A line break in it is written as an escape, as are all control characters. */
void print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Prints a label and the text behind it, from column PRINT_INDENT on. A line that would reach the last of so many columns
 * is broken at a blank, and goes on under the text. A word that is longer, and a command between backquotes, stay whole,
 * so that they can be copied. `columns` 0, or too few for that: one line.
 */
#define PRINT_INDENT 13
void print_entry(FILE *out, const char *label, size_t columns, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* How wide the terminal is to which the stream leads; 0: it leads to none. */
size_t print_columns(FILE *out);

/* Prints a text whose line breaks are meant, and a line break at its end if it has none. */
void print_lines(FILE *out, const char *text);

/*
 * Writes the text over the line of the terminal in which the cursor stands, and no line break. It is cut, so that it
 * does not reach the last of `columns`, where some terminals would go on in the next line. Without a text the line is
 * erased.
 */
void print_over(FILE *out, const char *text, size_t len, size_t columns);

#endif
