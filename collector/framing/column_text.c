/* column_text -- see column_text.h. White space before the value is not copied, that behind it is taken off at the end. */
#include "collector/framing/column_text.h"

#include <string.h>

#include "common/utf8.h"
#include "common/xml/chars.h"

void column_text_clear(struct column_text *column)
{
    column->len = 0;
    column->is_cut = false;
}

void column_text_add(struct column_text *column, const char *text, size_t len)
{
    if (column->is_cut) return;
    if (column->len == 0)
        while (len > 0 && xml_is_space(*text)) text++, len--;
    size_t space = sizeof column->text - column->len;
    column->is_cut = len > space;
    if (column->is_cut) len = utf8_whole_len(text, space);
    memcpy(column->text + column->len, text, len);
    column->len += len;
}

struct slice column_text_value(const struct column_text *column)
{
    size_t len = column->len;
    while (len > 0 && xml_is_space(column->text[len - 1])) len--;
    return (struct slice){column->text, len};
}
