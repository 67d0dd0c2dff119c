-- The rows of batches that were kept for long enough: since the retention clock showed :before or less. A batch whose rows
-- are being deleted counts as a whole, and so does one that a copy still needs.
SELECT coalesce(sum(last_id - first_id + 1), 0) FROM _batch INDEXED BY _batch_kept
WHERE kind = :kind AND has_rows = 1 AND is_copy = 0 AND (shipped_at IS NOT NULL OR abandoned_at IS NOT NULL)
  AND kept_from <= :before;
