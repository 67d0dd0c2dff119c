/* newcomers -- see newcomers.h. */
#include "collector/net/newcomers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

STAILQ_HEAD(newcomer_list, newcomer);

struct line {
    struct address_key key;
    int64_t count;
    struct newcomer_list list; /* never empty */
    TAILQ_ENTRY(line) in_all;
};

TAILQ_HEAD(line_list, line);

struct newcomers {
    int64_t max, count, line_count;
    struct line_list lines; /* the one whose turn it is first */
};

struct newcomers *newcomers_new(int64_t max)
{
    struct newcomers *n = calloc(1, sizeof *n);
    if (!n) abort();
    assert(max >= 1);
    n->max = max;
    TAILQ_INIT(&n->lines);
    return n;
}

void newcomers_free(struct newcomers *n)
{
    if (!n) return;
    while (n->count > 0) close(newcomers_take(n).fd);
    free(n);
}

static struct line *find_line(const struct newcomers *n, const struct address_key *key)
{
    struct line *line = NULL;
    TAILQ_FOREACH (line, &n->lines, in_all)
        if (memcmp(&line->key, key, sizeof *key) == 0) return line;
    return NULL;
}

static struct line *add_line(struct newcomers *n, const struct address_key *key)
{
    struct line *line = calloc(1, sizeof *line);
    if (!line) abort();
    line->key = *key;
    STAILQ_INIT(&line->list);
    TAILQ_INSERT_TAIL(&n->lines, line, in_all);
    n->line_count++;
    return line;
}

bool newcomers_add(struct newcomers *n, int fd, const char *source, int64_t now)
{
    struct address_key key = address_key(source);
    struct line *line = find_line(n, &key);
    if ((line ? line->count : 0) >= n->max - n->count) return false;
    if (!line) line = add_line(n, &key);
    struct newcomer *newcomer = calloc(1, sizeof *newcomer);
    if (!newcomer) abort();
    newcomer->fd = fd;
    newcomer->since = now;
    (void)snprintf(newcomer->source, sizeof newcomer->source, "%s", source);
    STAILQ_INSERT_TAIL(&line->list, newcomer, in_line);
    line->count++;
    n->count++;
    return true;
}

bool newcomers_has(const struct newcomers *n, const struct address_key *key)
{
    return find_line(n, key) != NULL;
}

int64_t newcomers_count(const struct newcomers *n)
{
    return n->count;
}

const struct newcomer *newcomers_first(const struct newcomers *n)
{
    const struct line *line = TAILQ_FIRST(&n->lines);
    return line ? STAILQ_FIRST(&line->list) : NULL;
}

struct newcomer newcomers_take(struct newcomers *n)
{
    struct line *line = TAILQ_FIRST(&n->lines);
    assert(line);
    struct newcomer *first = STAILQ_FIRST(&line->list);
    struct newcomer taken = *first;
    STAILQ_REMOVE_HEAD(&line->list, in_line);
    free(first);
    line->count--;
    n->count--;
    if (line->count == 0) {
        TAILQ_REMOVE(&n->lines, line, in_all);
        n->line_count--;
        free(line);
    }
    return taken;
}

void newcomers_turn(struct newcomers *n)
{
    struct line *line = TAILQ_FIRST(&n->lines);
    if (!line) return;
    TAILQ_REMOVE(&n->lines, line, in_all);
    TAILQ_INSERT_TAIL(&n->lines, line, in_all);
}

int64_t newcomers_lines(const struct newcomers *n)
{
    return n->line_count;
}
