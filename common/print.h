/*
 * print -- lines on standard output and standard error, for people.
 *
 * Everything that a command prints goes through here, since nearly every line may hold foreign text: a server's answer,
 * a sender's name, a file's, a setting. Whatever the values hold, what is printed is one line of printable characters
 * (printable.h). `make lint` looks for others that print.
 */
#ifndef COMMON_PRINT_H
#define COMMON_PRINT_H

#include <stdio.h>

/* Prints the formatted text and a line break. A line break in it is written as an escape, as are all control characters. */
void print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints a text whose line breaks are meant, and a line break at its end if it has none. */
void print_lines(FILE *out, const char *text);

/*
 * Writes the text over the line of the terminal in which the cursor stands, and no line break. It is cut, so that it
 * does not reach the last of `columns`, where some terminals would go on in the next line. Without a text the line is
 * erased.
 */
void print_over(FILE *out, const char *text, size_t len, size_t columns);

#endif
