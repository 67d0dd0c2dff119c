-- For `status`: batches that are not shipped yet, those of them that wait for a person, and those given up.
SELECT count(*) FILTER (WHERE blocked_at IS NULL), count(*) FILTER (WHERE blocked_at IS NOT NULL),
       (SELECT count(*) FROM _batch INDEXED BY _batch_abandoned WHERE abandoned_at > 0)
FROM _batch INDEXED BY _batch_open
WHERE kind IN ('events', 'rejects') AND shipped_at IS NULL AND abandoned_at IS NULL;
