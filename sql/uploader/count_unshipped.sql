-- Count the ids of a kind up to :last_id that are not shipped yet: those behind the last batch, and those of open
-- batches.
SELECT max(0, :last_id - coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                                   WHERE kind = :kind AND abandoned_at IS NULL AND is_copy = 0 ORDER BY first_id DESC LIMIT 1), 0))
       + coalesce((SELECT sum(min(last_id, :last_id) - first_id + 1) FROM _batch INDEXED BY _batch_open
                   WHERE kind = :kind AND shipped_at IS NULL AND abandoned_at IS NULL AND first_id <= :last_id
                     AND is_copy = 0), 0);
