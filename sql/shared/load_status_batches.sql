-- The newest batches.
SELECT id, kind,
       CASE WHEN shipped_at IS NOT NULL THEN 'shipped' WHEN superseded_at IS NOT NULL THEN 'superseded'
            WHEN abandoned_at IS NOT NULL THEN 'abandoned' WHEN blocked_at IS NOT NULL THEN 'blocked' ELSE 'sealed' END,
       first_id, last_id, events, bytes, object_key, attempts, sealed_at, shipped_at
FROM _batch WHERE id > 0 ORDER BY id DESC LIMIT :most;
