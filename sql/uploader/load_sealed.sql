-- The last row of a kind that is in a batch. No row: none is.
SELECT last_id FROM _batch INDEXED BY _batch_current
WHERE kind = :kind AND superseded_at IS NULL AND is_copy = 0 ORDER BY first_id DESC LIMIT 1;
