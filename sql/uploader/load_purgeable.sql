-- The batch whose rows have been kept for the longest time, if that is long enough: shipped or given up when the retention
-- clock showed :before or less, and no copy over its rows is to be shipped.
SELECT id, first_id, last_id FROM _batch b INDEXED BY _batch_kept
WHERE kind = :kind AND has_rows = 1 AND is_copy = 0 AND (shipped_at IS NOT NULL OR abandoned_at IS NOT NULL)
  AND kept_from <= :before
  AND NOT EXISTS (SELECT 1 FROM _batch c INDEXED BY _batch_open_copies
                  WHERE c.kind = b.kind AND c.is_copy = 1 AND c.shipped_at IS NULL AND c.superseded_at IS NULL
                    AND c.abandoned_at IS NULL AND c.first_id BETWEEN b.first_id AND b.last_id)
ORDER BY kept_from, first_id LIMIT 1;
