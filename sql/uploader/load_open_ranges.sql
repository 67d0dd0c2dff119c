-- The rows that are neither shipped nor given up, as ranges of ids in their order: the batches that hold them, then the rows
-- that are in no batch yet. Rejects that stay in the spool are left out. One statement, so that no row is missing or there
-- twice.
SELECT * FROM (SELECT kind, CASE WHEN blocked_at IS NULL THEN 'sealed' ELSE 'blocked' END, first_id, last_id, object_key,
                      coalesce(blocked_at, sealed_at)
               FROM _batch INDEXED BY _batch_open
               WHERE kind = 'events' AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL
                 AND is_copy = 0
               ORDER BY first_id LIMIT :most) some
UNION ALL
SELECT 'events', 'pending', f.sealed_id + 1, i.last_event_id, '',
       (SELECT received_at FROM _event WHERE id = f.sealed_id + 1)
FROM _intake i, _frontier f WHERE i.last_event_id > f.sealed_id
UNION ALL
SELECT * FROM (SELECT kind, CASE WHEN blocked_at IS NULL THEN 'sealed' ELSE 'blocked' END, first_id, last_id, object_key,
                      coalesce(blocked_at, sealed_at)
               FROM _batch INDEXED BY _batch_open
               WHERE kind = 'rejects' AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL
                 AND is_copy = 0
               ORDER BY first_id LIMIT :most) some
UNION ALL
SELECT 'rejects', 'pending', sealed_id + 1, i.last_reject_id, '',
       (SELECT received_at FROM _reject WHERE id > sealed_id ORDER BY id LIMIT 1)
FROM _intake i,
     (SELECT coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                       WHERE kind = 'rejects' AND superseded_at IS NULL AND is_copy = 0
                       ORDER BY first_id DESC LIMIT 1), 0) AS sealed_id) sealed
WHERE i.last_reject_id > sealed_id AND (SELECT ships_rejects FROM _uploader);
