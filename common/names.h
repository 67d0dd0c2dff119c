/*
 * names -- every setting's name in the product, whichever program owns it, and names that are no settings.
 *
 * A variable that looks like a misspelt setting, a retired one and one that this version does not honour yet each get
 * one line, so that nobody trusts a setting that does nothing.
 */
#ifndef COMMON_NAMES_H
#define COMMON_NAMES_H

/* Looks through `env` and logs what a person should know. */
void names_check(char *const *env);

/* The settings of both programs, NULL at the end: made from the two tables at build time. */
extern const char *const names_of_settings[];

/* The setting that `name` was probably meant to be, or NULL. */
const char *names_suggest(const char *name);

#endif
