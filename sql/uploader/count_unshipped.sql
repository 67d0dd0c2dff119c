-- Count the ids of a kind up to :last_id that are not shipped or given up yet: those behind the last batch, and those of
-- open batches. Rejects that were purged without having been shipped leave a gap behind the last batch.
SELECT max(0, :last_id + 1 - coalesce(CASE :kind WHEN 'events' THEN (SELECT min(id) FROM _event WHERE id > sealed_id)
                                                 ELSE (SELECT min(id) FROM _reject WHERE id > sealed_id) END,
                                      :last_id + 1))
       + coalesce((SELECT sum(min(last_id, :last_id) - first_id + 1) FROM _batch INDEXED BY _batch_open
                   WHERE kind = :kind AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL
                     AND first_id <= :last_id AND is_copy = 0), 0)
FROM (SELECT coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                       WHERE kind = :kind AND superseded_at IS NULL AND is_copy = 0 ORDER BY first_id DESC LIMIT 1), 0)
             AS sealed_id) sealed;
