/* tiling -- see tiling.h. */
#include "tests/support/tiling.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TEXT_SIZE    4000
#define SQL_SIZE     16000

#define CURRENT "(SELECT * FROM _batch WHERE superseded_at IS NULL AND is_copy = 0)"
#define OPEN    "shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL"
#define STORED  "(shipped_at IS NOT NULL OR unknown_since IS NOT NULL OR occupied_since IS NOT NULL)"
#define ROWS    "(SELECT 'events' AS kind, id FROM _event UNION ALL SELECT 'rejects', id FROM _reject)"

/* Each finds what must not be. `purged_too`: also where batches were purged by age. */
static const struct {
    const char *rule, *rows;
    bool purged_too;
} rules[] = {
    {"two current batches overlap",
     "SELECT a.id, b.id FROM " CURRENT " a JOIN " CURRENT " b ON a.kind = b.kind AND a.id < b.id"
     " AND a.first_id <= b.last_id AND b.first_id <= a.last_id",
     true},
    {"there is a hole before a batch",
     "SELECT id, first_id FROM " CURRENT " b WHERE first_id > 1 AND NOT EXISTS (SELECT 1 FROM " CURRENT
     " a WHERE a.kind = b.kind AND a.last_id = b.first_id - 1)",
     false},
    {"there is a hole in the middle",
     "SELECT id, first_id FROM " CURRENT " b WHERE first_id > 1 AND NOT EXISTS (SELECT 1 FROM " CURRENT
     " a WHERE a.kind = b.kind AND a.last_id = b.first_id - 1) AND EXISTS (SELECT 1 FROM " CURRENT
     " a WHERE a.kind = b.kind AND a.first_id < b.first_id AND a.resolved_as IS NULL)",
     true},
    {"a row lies in no batch, and behind it some are sealed",
     "SELECT kind, id FROM " ROWS " r WHERE id <= (SELECT max(last_id) FROM " CURRENT
     " c WHERE c.kind = r.kind) AND NOT EXISTS (SELECT 1 FROM " CURRENT
     " c WHERE c.kind = r.kind AND r.id BETWEEN c.first_id AND c.last_id)",
     true},
    {"what superseded a batch does not cover its range",
     "SELECT s.id FROM _batch s LEFT JOIN _batch p ON p.reship_of = s.id AND p.is_copy = s.is_copy"
     " WHERE s.superseded_at IS NOT NULL GROUP BY s.id HAVING min(p.first_id) IS NOT s.first_id"
     " OR max(p.last_id) IS NOT s.last_id OR sum(p.last_id - p.first_id + 1) IS NOT s.events",
     false},
    {"a row of a batch that is to be shipped is missing",
     "SELECT id FROM _batch b WHERE " OPEN " AND events <> (SELECT count(*) FROM " ROWS
     " r WHERE r.kind = b.kind AND r.id BETWEEN b.first_id AND b.last_id)",
     true},
    {"has_rows is wrong",
     "SELECT id FROM " CURRENT " b WHERE has_rows = 0 AND (EXISTS (SELECT 1 FROM " ROWS
     " r WHERE r.kind = b.kind AND r.id BETWEEN b.first_id AND b.last_id) OR (" OPEN "))",
     true},
    {"two batches that may be stored over one id have the same -rN",
     "SELECT a.id, b.id FROM _batch a JOIN _batch b ON a.kind = b.kind AND a.id < b.id AND a.first_id <= "
     "b.last_id"
     " AND b.first_id <= a.last_id AND a.repetition = b.repetition WHERE a.id IN (SELECT id FROM _batch "
     "WHERE " STORED ") AND b.id IN (SELECT id FROM _batch WHERE " STORED ")",
     true},
    {"a key does not show its -rN",
     "SELECT id, object_key, repetition FROM _batch WHERE (repetition > 1 AND object_key NOT GLOB '*-r' || "
     "repetition ||"
     " '*') OR (repetition = 1 AND object_key GLOB '*-r[0-9]*')",
     true},
    {"a view of rows differs from the batches",
     "SELECT v.kind, v.id, v.state FROM (SELECT 'events' AS kind, id, state FROM events UNION ALL"
     " SELECT 'rejects', id, state FROM rejects WHERE state NOT IN ('retried', 'dismissed')) v LEFT "
     "JOIN " CURRENT " c ON c.kind = v.kind AND v.id BETWEEN c.first_id AND c.last_id WHERE v.state <> CASE"
     " WHEN c.id IS NULL THEN 'pending' WHEN c.shipped_at IS NOT NULL THEN 'shipped'"
     " WHEN c.abandoned_at IS NOT NULL THEN 'abandoned' ELSE 'sealed' END",
     true},
    {"the backlog differs from the events",
     "SELECT id FROM (SELECT id FROM events WHERE state IN ('pending', 'sealed') EXCEPT SELECT id FROM "
     "backlog)"
     " UNION ALL SELECT id FROM (SELECT id FROM backlog EXCEPT SELECT id FROM events"
     " WHERE state IN ('pending', 'sealed'))",
     true},
    {"the summary differs from the events",
     "SELECT s.events, s.bytes, e.events, e.bytes, s.abandoned_events FROM summary s,"
     " (SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes FROM events WHERE state IN ('pending', "
     "'sealed')) e"
     " WHERE s.events <> e.events OR s.bytes <> e.bytes OR s.abandoned_events <>"
     " (SELECT coalesce(sum(events), 0) FROM " CURRENT " WHERE kind = 'events' AND abandoned_at IS NOT NULL)",
     true},
};

/* All questions in one connection; each row begins with its rule's number. */
static char *ask(const char *spool, bool is_purged)
{
    char sql[SQL_SIZE] = "";
    size_t len = 0;
    for (size_t i = 0; i < COUNT(rules); i++) {
        if (is_purged && !rules[i].purged_too) continue;
        len +=
            (size_t)snprintf(sql + len, sizeof sql - len, "SELECT %zu, x.* FROM (%s) x;", i, rules[i].rows);
        if (len >= sizeof sql) abort();
    }
    return query_text(spool, "%s", sql);
}

char *tiling_problem(const char *spool, bool is_purged)
{
    char *rows = ask(spool, is_purged);
    char *problem = NULL;
    if (*rows) {
        problem = malloc(TEXT_SIZE);
        if (!problem) abort();
        (void)snprintf(problem, TEXT_SIZE, "%s:\n%s", rules[strtoul(rows, NULL, 10)].rule, rows);
    }
    free(rows);
    return problem;
}
