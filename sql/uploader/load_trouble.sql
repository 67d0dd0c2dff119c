-- What the oldest batch of a kind that begins at or before :last_id, and has failed, has met. No row: none has failed.
SELECT last_error, remedy FROM _batch INDEXED BY _batch_open
WHERE kind = :kind AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL AND first_id <= :last_id
  AND is_copy = 0 AND last_error IS NOT NULL
ORDER BY first_id LIMIT 1;
