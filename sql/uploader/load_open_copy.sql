-- A copy over these rows that is not shipped yet, if there is one.
SELECT id FROM _batch INDEXED BY _batch_open_copies
WHERE kind = :kind AND is_copy = 1 AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL
  AND first_id BETWEEN :first_id AND :last_id LIMIT 1;
