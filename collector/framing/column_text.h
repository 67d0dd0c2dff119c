/*
 * column_text -- the text of a child element on its way into a column, gathered piece by piece: trimmed of white space,
 * and cut between characters where it is too long. Pure; nothing can fail.
 */
#ifndef COLLECTOR_FRAMING_COLUMN_TEXT_H
#define COLLECTOR_FRAMING_COLUMN_TEXT_H

#include "collector/framing/event.h"

struct column_text {
    char text[EVENT_FIELD_MAX];
    size_t len;
    bool is_cut; /* the text was too long: no more of it is copied */
};

void column_text_clear(struct column_text *column);

/* The next piece, which is UTF-8 and holds whole characters. */
void column_text_add(struct column_text *column, const char *text, size_t len);

/* What was gathered; borrowed until the next piece. */
struct slice column_text_value(const struct column_text *column);

#endif
