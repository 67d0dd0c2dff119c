/*
 * positive -- positive whole numbers, such as ids, as people and requests write them: at most 18 digits. Pure.
 */
#ifndef COMMON_POSITIVE_H
#define COMMON_POSITIVE_H

#include <stdint.h>

/* The number that `text` is, as a whole. 0: it is not one, or `text` is NULL. */
int64_t positive_parse(const char *text);

/*
 * The first number of a list that is separated by blanks; `*list` advances to the next one. 0: the list does not begin
 * with such a number, and `*list` stays.
 */
int64_t positive_next(const char **list);

#endif
