-- The same for rejects.
SELECT j.id, i.last_reject_id, j.received_at, j.total_bytes - length(j.payload), i.reject_bytes
FROM _intake i
JOIN _reject j ON j.id = 1 + coalesce((SELECT last_id FROM _batch INDEXED BY _batch_range
                                       WHERE kind = 'rejects' AND reship_of IS NULL
                                       ORDER BY first_id DESC LIMIT 1), 0);
