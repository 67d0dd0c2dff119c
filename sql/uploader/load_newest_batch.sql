-- The newest batch of a kind, if it is surely not stored. The columns are those of load_open_batch.sql.
SELECT id, first_id, last_id, bytes, destination, object_key, format, metadata, spool, node, sealed_at, attempts,
       unknown_since IS NOT NULL, compression = 'gzip', pretty, dropped, omits_payload,
       sha256, md5, stored_bytes, earlier_sha256, earlier_md5, earlier_bytes
FROM _batch
WHERE id = (SELECT id FROM _batch INDEXED BY _batch_current
            WHERE kind = :kind AND abandoned_at IS NULL AND is_copy = 0 ORDER BY first_id DESC LIMIT 1)
  AND unknown_since IS NULL AND shipped_at IS NULL AND reship_of IS NULL;
