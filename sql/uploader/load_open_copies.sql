-- Count the copies, from batch :from_id on, that are not shipped yet, with the error and remedy of one of them.
SELECT count(*), max(last_error), remedy FROM _batch INDEXED BY _batch_open
WHERE kind IN ('events', 'rejects') AND shipped_at IS NULL AND abandoned_at IS NULL AND is_copy AND id >= :from_id;
