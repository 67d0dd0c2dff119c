/* positive -- see positive.h. */
#include "common/positive.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS     "0123456789"
#define DIGITS_MAX 18 /* always fits into an int64_t */

int64_t positive_next(const char **list)
{
    size_t len = strspn(*list, DIGITS);
    const char *end = *list + len;
    if (len == 0 || len > DIGITS_MAX || (*end != ' ' && *end != '\0')) return 0;
    int64_t number = strtoll(*list, NULL, 10);
    if (number > 0) *list = end + strspn(end, " ");
    return number;
}

int64_t positive_parse(const char *text)
{
    return text && text[strspn(text, DIGITS)] == '\0' ? positive_next(&text) : 0;
}
