/*
 * marks -- how many start tags of event elements stand in a part of the stream, in whatever markup. Pure.
 *
 * Asked again for a part that begins and ends later, it looks only at the difference: so each byte is looked at twice
 * at most, however often it is asked. A part that ends before what has been counted is counted for itself.
 */
#ifndef COLLECTOR_FRAMING_MARKS_H
#define COLLECTOR_FRAMING_MARKS_H

#include "collector/framing/coding.h"
#include "collector/framing/window.h"
#include "common/xml/lexer.h"

/* Bytes, and UTF-16 in either byte order from an even or from an odd byte on: what is counted in one is kept when
 * another one is asked for, so that a sender who alternates them does not have all counted anew each time. */
#define MARKS_READINGS 5

struct marks {
    struct marks_part {
        uint64_t from, to; /* has been counted; what begins at `to` may be a start tag that is not complete */
        size_t count;
    } parts[MARKS_READINGS];
};

/* Start tags whose names are complete in the bytes from `from` up to `to`; a unit begins at `from`. */
size_t marks_count(struct marks *marks, const struct window *window, const struct xml_lexer *lexer,
                   enum coding coding, uint64_t from, uint64_t to);

/*
 * Searches from `*at` up to `to`. True: `*at` is where a start tag begins whose name is complete. False: there is none
 * yet, and `*at` is where the search has to go on.
 */
bool marks_find(const struct window *window, const struct xml_lexer *lexer, enum coding coding, uint64_t *at,
                uint64_t to);

/* The window is about to drop the bytes before `from`. */
void marks_forget_before(struct marks *marks, const struct window *window, const struct xml_lexer *lexer,
                         uint64_t from);

#endif
