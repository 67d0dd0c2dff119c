-- Bytes of the rejects that have not been shipped: the running total of all rejects, less the total before the first of
-- those.
SELECT reject_bytes - coalesce(
    (SELECT total_bytes - length(payload) FROM _reject
     WHERE id >= coalesce((SELECT min(first_id) FROM _batch INDEXED BY _batch_open
                           WHERE kind = 'rejects' AND shipped_at IS NULL AND abandoned_at IS NULL),
                          (SELECT last_id FROM _batch INDEXED BY _batch_current
                           WHERE kind = 'rejects' AND abandoned_at IS NULL AND is_copy = 0
                           ORDER BY first_id DESC LIMIT 1) + 1,
                          1)
     ORDER BY id LIMIT 1), reject_bytes)
FROM _intake;
