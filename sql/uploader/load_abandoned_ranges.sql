-- What a person gave up, as ranges of ids.
SELECT kind, 'abandoned', first_id, last_id, object_key, abandoned_at
FROM _batch INDEXED BY _batch_abandoned
WHERE kind IN ('events', 'rejects') AND is_copy = 0 AND abandoned_at IS NOT NULL LIMIT :most;
