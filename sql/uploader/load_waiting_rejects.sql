-- The rejects that are in no batch yet, as load_waiting_events.sql. With REJECTS_PREFIX=none, purged rejects leave a
-- gap before the first.
SELECT j.id, i.last_reject_id, j.received_at, j.total_bytes - j.row_bytes, i.reject_bytes
FROM _intake i
JOIN _reject j ON j.id = (SELECT min(id) FROM _reject
                          WHERE id > coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                                               WHERE kind = 'rejects' AND superseded_at IS NULL AND is_copy = 0
                                               ORDER BY first_id DESC LIMIT 1), 0));
