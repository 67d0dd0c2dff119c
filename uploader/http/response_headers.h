/*
 * response_headers -- what is kept of a response's headers. Pure.
 */
#ifndef UPLOADER_HTTP_RESPONSE_HEADERS_H
#define UPLOADER_HTTP_RESPONSE_HEADERS_H

#include <stddef.h>

#include "uploader/http/http_answer.h"

/*
 * Takes one line as it comes, its line break included. A status line begins anew: what a proxy has said, or an interim
 * response, is no header of this one. A value that is empty, too long, or has a control character counts as absent.
 */
void response_headers_take(struct http_answer *answer, const char *line, size_t len);

#endif
