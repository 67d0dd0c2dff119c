-- For `status`: how many batches are not shipped yet, how many of these are blocked, and how many were given up.
SELECT count(*) FILTER (WHERE blocked_at IS NULL), count(*) FILTER (WHERE blocked_at IS NOT NULL),
       (SELECT count(*) FROM _batch INDEXED BY _batch_abandoned
        WHERE kind IN ('events', 'rejects') AND abandoned_at IS NOT NULL)
FROM _batch INDEXED BY _batch_open
WHERE kind IN ('events', 'rejects') AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL;
