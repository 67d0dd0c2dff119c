/*
 * spelling -- how much two words differ, and which of several words a misspelt one was probably meant to be. Pure.
 */
#ifndef COMMON_SPELLING_H
#define COMMON_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#define SPELLING_MAX 48 /* the longest word that is compared */

/*
 * The number of single-character edits that make one word the other (Levenshtein); SPELLING_MAX if one of them is
 * longer than that.
 */
size_t spelling_distance(const char *a, const char *b);

/*
 * Is `word` so near to `known` that it was probably meant? One edit in a word of three characters or fewer, else two; and
 * fewer edits than it has characters. `*distance` is the number of edits.
 */
bool spelling_is_near(const char *word, const char *known, size_t *distance);

#endif
