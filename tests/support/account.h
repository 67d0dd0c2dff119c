/*
 * account -- are the bytes outside of the frames separators, and nothing else? An answer that shares no code with the
 * framer: the contract's list of separators, tried one after the other at each place.
 *
 * It is lenient in one thing: that a start tag belongs to a wrapper is believed where its element stays open up to the
 * next frame, and an end tag where its name has stood in a start tag before.
 */
#ifndef TESTS_SUPPORT_ACCOUNT_H
#define TESTS_SUPPORT_ACCOUNT_H

#include "tests/support/pieces.h"

#define ACCOUNT_MARKUP_MAX 4096 /* bytes of a comment or an instruction that is a separator */

struct account {
    const struct xml_names *events;
    const struct xml_names *ignored;
    struct slice stream;
};

/* Are the bytes from `from` to `to`, between two frames, separators? `is_last`: the stream ends at `to`. */
bool account_is_separators(const struct account *account, size_t from, size_t to, bool is_last);

/*
 * May the bytes from `from` on, behind the last frame, still be held although their sender fell silent? They are
 * separators, then nothing or an unfinished event, or one piece of unfinished markup of at most ACCOUNT_MARKUP_MAX.
 */
bool account_may_be_held(const struct account *account, size_t from, size_t to);

/* The first byte from `from` on that belongs to no separator. */
size_t account_skip_separators(const struct account *account, size_t from, size_t to);

#endif
