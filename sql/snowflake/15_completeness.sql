-- What is complete and what is not: for each spool, from id to id, whether the events are loaded, on their way,
-- blocked, given up, in the bucket but not loaded, or missing. Keys have no gaps (docs/reference-objects.md, "Keys"),
-- so each id belongs to an object; of which ids there is none yet, the status documents say (STATUS_PREFIX).
--
-- A load may come in any order, and late: nothing is a fault before it is two hours old. Without status documents it
-- cannot be known whether a hole is blocked, given up or still on its way in an outage: two hours after an object with
-- higher ids it is missing.
--
-- Rows that were deleted from raw_events on purpose need a row in completeness_starts, which says from which id on
-- the spool has to be complete; so does a restored spool of a node without status documents. An event whose content
-- was deleted (event IS NULL) counts as loaded. Rejects are not checked: those that were retried or dismissed before
-- they were shipped leave holes that mean nothing.
--
-- Executed: not on Snowflake. Translated and run on DuckDB by tests/e2e/test_snowflake_completeness.py, and in random
-- worlds by tests/e2e/test_snowflake_completeness_worlds.py.
-- Sources: docs.snowflake.com, "Window function syntax and usage", QUALIFY, SYSDATE.
USE SCHEMA eventspool.acm;

-- What is known of each spool. `seen_at`: when the site was last connected to the store, as far as that is settled.
CREATE OR REPLACE VIEW spools AS
WITH signs_of_life AS (
    SELECT spool, MAX(IFF(came_at <= DATEADD(hour, -2, SYSDATE()), came_at, NULL)) AS seen_at
    FROM objects
    GROUP BY spool
),
newest AS (
    SELECT spool, filename, put_at, first_id, received FROM status_used WHERE is_newest
),
known AS (
    SELECT spool FROM signs_of_life
    UNION SELECT spool FROM newest
    UNION SELECT spool FROM status_ranges WHERE is_newest
)
SELECT k.spool, COALESCE(g.first_id, 0) AS given_first_id, COALESCE(g.first_id, n.first_id, 1) AS first_id, n.received,
       l.seen_at,
       -- Restored or copied: the node has been shipping under another name for a while.
       COALESCE(o.spool <> k.spool AND n.put_at <= DATEADD(hour, -2, SYSDATE()), FALSE) AS is_retired,
       -- Objects came and documents did not: STATUS_PREFIX was taken away, or the store refuses them.
       COALESCE(l.seen_at > DATEADD(minute, 15, n.put_at), FALSE) AS is_outdated
FROM known k
LEFT JOIN newest n ON n.spool = k.spool
LEFT JOIN nodes o ON o.filename = n.filename
LEFT JOIN signs_of_life l ON l.spool = k.spool
LEFT JOIN completeness_starts g ON g.spool = k.spool;

-- All that is known of ids, in layers: of two ranges over one id that in the higher layer counts.
--   1 and above   objects, by their repetition
--   0 to -3       what the newest documents list. Of a retired spool nothing is on its way, and what is blocked is
--                 listed by the one that took its place. Of an outdated document only that is believed which does not
--                 change by itself.
--   -4            what a settled document proves: what lies between the ranges that it lists was in the bucket. A spool
--                 that was restored may list some of it under the former name: it has the rows, and does not know what
--                 was shipped after its backup. What it says of them counts.
CREATE OR REPLACE VIEW completeness_ranges AS
WITH unproven AS (
    SELECT spool, put_at, first_id, last_id FROM status_ranges WHERE is_settled AND spool = written_by
    UNION ALL
    SELECT spool, put_at, received + 1, received + 1 FROM status_used WHERE is_settled
),
unproven_in_order AS (
    SELECT spool, put_at, first_id, last_id,
           MAX(last_id) OVER (PARTITION BY spool ORDER BY first_id, last_id
                              ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS furthest
    FROM unproven
),
proven AS (
    SELECT spool, put_at, first_id - 1 AS last_id,
           COALESCE(LAG(furthest) OVER (PARTITION BY spool ORDER BY first_id, last_id), 0) + 1 AS first_id
    FROM unproven_in_order
)
SELECT spool, repetition AS layer, first_id, last_id, name, came_at AS since,
       CASE WHEN is_loaded THEN 'loaded' WHEN came_at <= DATEADD(hour, -2, SYSDATE()) THEN 'not_loaded'
            ELSE 'on_its_way' END AS state,
       CASE WHEN is_loaded THEN 'every event is loaded'
            ELSE IFF(came_at <= DATEADD(hour, -2, SYSDATE()), 'it came more than two hours ago, and ',
                     'it came less than two hours ago, and ')
                 || rows_loaded || ' of its ' || (last_id - first_id + 1) || ' events are loaded' END AS detail
FROM objects
UNION ALL
SELECT r.spool,
       CASE WHEN r.state = 'blocked' THEN 0 WHEN r.state IN ('sealed', 'pending') THEN -1
            WHEN r.state = 'abandoned' THEN -2 ELSE -3 END,
       r.first_id, r.last_id, r.name, r.since,
       CASE WHEN r.state IN ('blocked', 'abandoned') THEN r.state ELSE 'on_its_way' END,
       CASE r.state WHEN 'pending' THEN 'received, and in no object yet'
                    WHEN 'sealed' THEN 'sealed, and not uploaded yet'
                    WHEN 'blocked' THEN 'the store refuses it, and a person is needed'
                    WHEN 'abandoned' THEN 'a person gave it up'
                    ELSE 'the list of the status document was cut before these ids' END
       || IFF(r.put_at < DATEADD(minute, -15, SYSDATE()), '; the status document is older than 15 minutes', '')
FROM status_ranges r
JOIN spools s ON s.spool = r.written_by
WHERE r.is_newest
  AND (r.state IN ('abandoned', 'abandoned_cut') OR NOT s.is_retired AND (r.state = 'blocked' OR NOT s.is_outdated))
UNION ALL
SELECT p.spool, -4, GREATEST(p.first_id, s.first_id), p.last_id, NULL, p.put_at, 'missing',
       'it is not in the bucket, and it was there when a status document was written more than two hours ago'
FROM proven p
JOIN spools s ON s.spool = p.spool
WHERE GREATEST(p.first_id, s.first_id) <= p.last_id;

-- For each spool the ranges of ids that are in one state. `name`: the object, where there is one; `since`: when it
-- came, was sealed, blocked or given up, or since when it is known.
CREATE OR REPLACE VIEW completeness AS
-- Within a layer ranges do not overlap, unless a machine was reset to a snapshot: then the one counts that reaches
-- furthest.
WITH ranges AS (
    SELECT spool, layer, first_id, last_id, name, since, state, detail,
           ROW_NUMBER() OVER (PARTITION BY spool, layer ORDER BY last_id, first_id, name) AS reach
    FROM completeness_ranges
),

-- ---- ids are cut into segments at every boundary, and a window function finds the range over each in each layer ----

points AS (
    SELECT spool, first_id AS point FROM ranges
    UNION SELECT spool, last_id + 1 FROM ranges
    UNION SELECT spool, first_id FROM spools
    UNION SELECT spool, received + 1 FROM spools WHERE received IS NOT NULL AND NOT is_retired
),
beginnings AS (
    SELECT spool, layer, first_id AS point, MAX(reach) AS reach FROM ranges GROUP BY spool, layer, first_id
),
reached AS (
    SELECT p.spool, p.point, l.layer,
           MAX(b.reach) OVER (PARTITION BY p.spool, l.layer ORDER BY p.point
                              ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reach
    FROM points p
    JOIN (SELECT DISTINCT spool, layer FROM ranges) l ON l.spool = p.spool
    LEFT JOIN beginnings b ON b.spool = p.spool AND b.layer = l.layer AND b.point = p.point
),
covered AS (
    SELECT r.spool, r.point, g.name, g.since, g.state, g.detail
    FROM reached r
    JOIN ranges g ON g.spool = r.spool AND g.layer = r.layer AND g.reach = r.reach AND g.last_id >= r.point
    QUALIFY ROW_NUMBER() OVER (PARTITION BY r.spool, r.point ORDER BY r.layer DESC) = 1
),
-- When the first object with higher ids came: ids are sealed in their order, two objects are uploaded at a time.
arrivals AS (
    SELECT spool, first_id AS point, MIN(came_at) AS came_at FROM objects GROUP BY spool, first_id
),
segments AS (
    SELECT p.spool, p.point AS first_id, LEAD(p.point) OVER (PARTITION BY p.spool ORDER BY p.point) - 1 AS last_id,
           MIN(a.came_at) OVER (PARTITION BY p.spool ORDER BY p.point
                                ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS passed_at
    FROM points p
    LEFT JOIN arrivals a ON a.spool = p.spool AND a.point = p.point
),
-- Where nothing covers a segment, and no document that counts lists its ids, it is missing once the first object with
-- higher ids has been there for two hours. Ids that were received after the newest document may be in an outage that
-- began before they could be listed: of these, objects must have gone on coming for a quarter of an hour.
judged AS (
    SELECT g.spool, g.first_id, g.last_id, c.name, COALESCE(c.since, g.passed_at) AS since,
           CASE WHEN c.state IS NOT NULL THEN c.state
                WHEN g.passed_at <= DATEADD(hour, -2, SYSDATE())
                 AND (COALESCE(g.first_id <= s.received, TRUE) OR s.is_retired OR s.is_outdated
                      OR DATEADD(minute, 15, g.passed_at) <= s.seen_at) THEN 'missing'
                ELSE 'on_its_way' END AS state,
           c.detail
    FROM segments g
    JOIN spools s ON s.spool = g.spool
    LEFT JOIN covered c ON c.spool = g.spool AND c.point = g.first_id
    WHERE g.last_id IS NOT NULL AND g.first_id >= s.given_first_id AND (c.state IS NOT NULL OR g.first_id >= s.first_id)
),

-- ---- neighbours in one state are joined again, but objects that are not loaded are named one by one ----

explained AS (
    SELECT spool, first_id, last_id, state, IFF(state IN ('loaded', 'missing'), NULL, name) AS name, since,
           CASE WHEN detail IS NOT NULL THEN detail
                WHEN state = 'missing'
                THEN 'it is not in the bucket, and objects with higher ids came more than two hours ago'
                ELSE 'it is not in the bucket, and it is too early to call it missing' END AS detail
    FROM judged
),
marked AS (
    SELECT spool, first_id, last_id, state, name, since, detail,
           IFF(LAG(last_id) OVER (PARTITION BY spool ORDER BY first_id) = first_id - 1
               AND LAG(state) OVER (PARTITION BY spool ORDER BY first_id) = state
               AND COALESCE(LAG(name) OVER (PARTITION BY spool ORDER BY first_id), '') = COALESCE(name, '')
               AND (state = 'missing' OR LAG(detail) OVER (PARTITION BY spool ORDER BY first_id) = detail),
               0, 1) AS is_first
    FROM explained
),
numbered AS (
    SELECT spool, first_id, last_id, state, name, since, detail,
           SUM(is_first) OVER (PARTITION BY spool ORDER BY first_id
                               ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
    FROM marked
)
SELECT spool, MIN(first_id) AS first_id, MAX(last_id) AS last_id, state, name, MIN(since) AS since,
       MIN(detail) AS detail
FROM numbered
GROUP BY spool, run, state, name;

-- What a person has to see to, and how to begin.
CREATE OR REPLACE VIEW completeness_faults AS
SELECT spool, first_id, last_id, state, name, since, detail,
       CASE state
           WHEN 'missing' THEN 'on its node: `eventspool reship --since DAY --dry-run`, DAY as in the name of the object'
                               || ' before, says whether the spool still has it; without --dry-run it is put back'
           WHEN 'not_loaded' THEN 'COPY_HISTORY says why (07_copy.sql), and SYSTEM$PIPE_STATUS whether the pipe runs'
                                  || ' (08_pipes.sql); then COPY with FILES'
       END AS remedy
FROM completeness
WHERE state IN ('not_loaded', 'missing');
