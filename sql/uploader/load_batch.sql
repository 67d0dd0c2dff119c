-- One batch, in whatever state. The columns are those of load_open_batch.sql.
SELECT id, kind, first_id, last_id, bytes, destination, object_key, format, metadata, spool, node, sealed_at, attempts,
       unknown_since IS NOT NULL, occupied_since IS NOT NULL, compression = 'gzip', pretty, dropped, omits_payload,
       sha256, md5, stored_bytes, earlier_sha256, earlier_md5, earlier_bytes,
       shipped_at IS NOT NULL, superseded_at IS NOT NULL, abandoned_at IS NOT NULL, blocked_at IS NOT NULL,
       repetition, reship_of, is_copy
FROM _batch WHERE id = :id;
