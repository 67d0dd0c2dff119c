-- Delete superseded batches and old copies that lie under the tiling's beginning: the batches over their rows are purged.
-- Until then they show which -rN an object over their ids has used.
DELETE FROM _batch
WHERE id IN (SELECT id FROM _batch INDEXED BY _batch_superseded
             WHERE kind = :kind AND superseded_at IS NOT NULL AND first_id < :first_id AND last_id < :first_id
               AND resolved_as IS NULL
             UNION ALL
             SELECT id FROM _batch INDEXED BY _batch_copies
             WHERE kind = :kind AND is_copy = 1 AND first_id < :first_id AND last_id < :first_id AND resolved_as IS NULL
               AND (shipped_at IS NOT NULL OR abandoned_at IS NOT NULL) AND kept_from <= :before);
