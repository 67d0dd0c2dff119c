/*
 * bytes -- a growable byte buffer for building the template events.
 * Happy path: the capacity doubles whenever it is too small.
 * What can fail: out of memory; that aborts, as all is built before the first byte is sent.
 */
#include "tools/acmsim/bytes.h"

#include "tools/acmsim/message.h"

#include <stdlib.h>
#include <string.h>

void bytes_add(struct bytes *b, const void *data, size_t length)
{
    if (length > b->capacity - b->length) {
        while (length > b->capacity - b->length) b->capacity = b->capacity ? b->capacity * 2 : 65536;
        b->data = realloc(b->data, b->capacity);
        if (b->data == NULL) {
            message("out of memory for %zu bytes of template events", b->capacity);
            abort();
        }
    }
    if (length > 0) memcpy(b->data + b->length, data, length);
    b->length += length;
}

void bytes_add_text(struct bytes *b, const char *text)
{
    bytes_add(b, text, strlen(text));
}

void bytes_fini(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}
