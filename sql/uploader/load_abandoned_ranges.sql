-- What a person gave up, as ranges of ids: events, then rejects, each in the order of their ids, so that whoever gets a list
-- that was cut knows up to which id it is whole.
SELECT kind, 'abandoned', first_id, last_id, object_key, abandoned_at
FROM _batch INDEXED BY _batch_abandoned
WHERE kind IN ('events', 'rejects') AND is_copy = 0 AND abandoned_at IS NOT NULL
ORDER BY kind, first_id LIMIT :most;
