/*
 * json_answer -- a small JSON document that a server or a program has given: keys. Pure.
 *
 * It is bounded before it is parsed: so many values, so deep in each other. The memory needed is a few times its size.
 */
#ifndef UPLOADER_HTTP_JSON_ANSWER_H
#define UPLOADER_HTTP_JSON_ANSWER_H

#include <cjson/cJSON.h>

#include "common/buf.h"

#define JSON_ANSWER_MARKS_MAX                                                                                \
    1024 /* of , : [ and { , also of those in texts: there are no more values than that */

/* NULL: it is not a JSON object within these bounds, or it has a NUL. It is freed by json_answer_free(). */
cJSON *json_answer_parse(const struct buf *text);
void json_answer_free(cJSON *object); /* wipes all texts, as there may be keys; accepts NULL */

/* The text of a member; NULL: there is none. Borrowed. Of several with this name the first counts. */
const char *json_answer_text(const cJSON *object, const char *name);

#endif
