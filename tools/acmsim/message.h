/* message -- one line on standard error, for people. */
#ifndef ACMSIM_MESSAGE_H
#define ACMSIM_MESSAGE_H

/* Print "acmsim: ", the formatted message and a newline. */
__attribute__((format(printf, 1, 2))) void message(const char *format, ...);

#endif
