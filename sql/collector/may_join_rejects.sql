-- May the row stand for further rejects? Not if a batch fixes what it is, or if it was retried, dismissed or purged.
SELECT 1 FROM _reject
WHERE id = :id AND retried_at IS NULL AND dismissed_at IS NULL
  AND id > coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                     WHERE kind = 'rejects' AND superseded_at IS NULL AND is_copy = 0 ORDER BY first_id DESC LIMIT 1), 0);
