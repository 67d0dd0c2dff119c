/*
 * command_words -- splits the command of `credential_process` into words, as a shell would: blanks, "double" and 'single'
 * quotes, \ before a character. Pure.
 */
#ifndef UPLOADER_CREDENTIALS_COMMAND_WORDS_H
#define UPLOADER_CREDENTIALS_COMMAND_WORDS_H

#include <stdbool.h>

#define COMMAND_WORDS_MAX 64 /* with the closing NULL */

/* Splits `text`, in place. False: a quote is not closed, there is no word, or there are too many. */
bool command_words_split(char *text, char *words[COMMAND_WORDS_MAX]) __attribute__((warn_unused_result));

#endif
