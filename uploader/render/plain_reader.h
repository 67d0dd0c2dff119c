/*
 * plain_reader -- gathers the members of an event that is plain (common/xml/plain.h): one pass over its bytes, which are not
 * copied.
 */
#ifndef UPLOADER_RENDER_PLAIN_READER_H
#define UPLOADER_RENDER_PLAIN_READER_H

#include "uploader/render/members.h"
#include "uploader/render/shape_json.h"

/*
 * Fills `members`, which have been cleared, and which borrow from the event. False: it is not plain, or too much, and what
 * `members` hold means nothing. Each tag is noted in `shapes`.
 */
bool plain_reader_read(const char *xml, size_t len, struct members *members, struct shape_json *shapes);

#endif
