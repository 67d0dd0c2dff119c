-- The copy of this range that is not shipped yet, if there is one.
SELECT id FROM _batch INDEXED BY _batch_open
WHERE kind = :kind AND shipped_at IS NULL AND abandoned_at IS NULL AND first_id = :first_id AND is_copy;
