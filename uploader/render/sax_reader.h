/*
 * sax_reader -- gathers the members of any event, by libxml2's parser.
 */
#ifndef UPLOADER_RENDER_SAX_READER_H
#define UPLOADER_RENDER_SAX_READER_H

#include "uploader/render/members.h"

struct sax_reader;

/* Borrows `members` for its life. Never fails: out of memory aborts. */
struct sax_reader *sax_reader_new(struct members *members);
void sax_reader_free(struct sax_reader *reader); /* accepts NULL */

/*
 * Fills the members, which have been cleared, and which borrow until the next call. The event has a NUL behind it.
 * False: it is not well-formed, or too much, and what the members hold means nothing.
 */
bool sax_reader_read(struct sax_reader *reader, const char *xml);

#endif
