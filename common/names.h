/*
 * names -- finds environment variables that a person may take for settings, but that have no effect.
 *
 * It knows every setting of both programs. One line is logged for each variable that looks like a misspelt setting
 * or names a setting of earlier versions.
 */
#ifndef COMMON_NAMES_H
#define COMMON_NAMES_H

/* Checks all variables of `env` (NAME=value texts, NULL at the end) and logs its findings. */
void names_check(char *const *env);

/*
 * For a program that needs no secret: logs a warning if `env` has some, with their names. Who can make it do what it should
 * not would have them, too.
 */
void names_warn_of_secrets(char *const *env);

/* The names of both programs' settings, NULL at the end; made from the two tables at build time. */
extern const char *const names_of_settings[];

/* Those of them that are secrets. */
extern const char *const names_of_secrets[];

/* The setting that `name` was probably meant to be; NULL if it is a setting itself or resembles none. */
const char *names_suggest(const char *name);

#endif
