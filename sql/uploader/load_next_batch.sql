-- The first batch from :from_id on, in whatever state, and how many of its rows were purged. The columns are those of
-- load_open_batch.sql, then those that `reship` needs.
SELECT id, first_id, last_id, bytes, destination, object_key, format, metadata, spool, node, sealed_at, attempts,
       unknown_since IS NOT NULL, compression = 'gzip', pretty, dropped, omits_payload,
       sha256, md5, stored_bytes, earlier_sha256, earlier_md5, earlier_bytes,
       kind, shipped_at IS NOT NULL, abandoned_at IS NOT NULL, is_copy,
       coalesce(CASE kind WHEN 'events' THEN (SELECT min(id) FROM _event) ELSE (SELECT min(id) FROM _reject) END,
                last_id + 1)
FROM _batch WHERE id >= :from_id ORDER BY id LIMIT 1;
