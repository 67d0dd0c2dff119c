/* command_words -- see command_words.h. */
#include "uploader/credentials/command_words.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

bool command_words_split(char *text, char *words[COMMAND_WORDS_MAX])
{
    size_t count = 0;
    char *to = text;
    char quote = '\0';
    bool is_inside = false;
    for (char *from = text; *from; from++) {
        if (!quote && isspace((unsigned char)*from)) {
            if (is_inside) *to++ = '\0';
            is_inside = false;
            continue;
        }
        if (!is_inside) {
            if (count == COMMAND_WORDS_MAX - 1) return false;
            words[count++] = to;
            is_inside = true;
        }
        if (*from == quote)
            quote = '\0';
        else if (!quote && (*from == '"' || *from == '\''))
            quote = *from;
        else if (*from == '\\' && quote != '\'' && from[1] && (!quote || strchr("\"\\$`", from[1])))
            *to++ = *++from;
        else
            *to++ = *from;
    }
    *to = '\0';
    words[count] = NULL;
    return count > 0 && !quote;
}
