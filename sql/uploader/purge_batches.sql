-- Delete old shipped batches whose rows are purged. The newest batch of each kind stays, because sealing goes on behind
-- its last id.
DELETE FROM _batch
WHERE shipped_at IS NOT NULL AND kept_from <= :before
  AND first_id < (SELECT max(first_id) FROM _batch n
                  WHERE n.kind = _batch.kind AND n.abandoned_at IS NULL AND n.is_copy = 0)
  AND last_id < coalesce(CASE kind WHEN 'events' THEN (SELECT min(id) FROM _event) ELSE (SELECT min(id) FROM _reject) END,
                         9223372036854775807);
