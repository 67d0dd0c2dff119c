/* spelling -- see spelling.h. */
#include "common/spelling.h"

#include <string.h>

/* With one row of the table in memory. */
size_t spelling_distance(const char *a, const char *b)
{
    size_t row[SPELLING_MAX + 1];
    size_t len = strlen(b);
    if (len > SPELLING_MAX || strlen(a) > SPELLING_MAX) return SPELLING_MAX;
    for (size_t j = 0; j <= len; j++) row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            size_t insert = row[j - 1] + 1;
            size_t remove = row[j] + 1;
            diagonal = row[j];
            row[j] = replace < insert ? replace : insert;
            if (remove < row[j]) row[j] = remove;
        }
    }
    return row[len];
}

bool spelling_is_near(const char *word, const char *known, size_t *distance)
{
    size_t len = strlen(word);
    size_t allowed = len <= 3 ? 1 : 2;
    *distance = spelling_distance(word, known);
    return *distance <= allowed && *distance < len;
}
