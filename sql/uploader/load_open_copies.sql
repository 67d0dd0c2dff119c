-- Count the copies, from batch :from_id on, that are not shipped yet, with the error and remedy of one of them.
SELECT count(*), max(last_error), remedy FROM _batch INDEXED BY _batch_open_copies
WHERE kind IN ('events', 'rejects') AND is_copy = 1 AND shipped_at IS NULL AND superseded_at IS NULL
  AND abandoned_at IS NULL AND id >= :from_id;
