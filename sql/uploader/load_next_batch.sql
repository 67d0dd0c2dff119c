-- The first batch from :from_id on, in whatever state, and whether all of its rows are still there. The columns are those
-- of load_open_batch.sql, then the one that `reship` and `resolve` need: rows go in the order of their ids, the first one
-- first.
SELECT id, kind, first_id, last_id, bytes, destination, object_key, format, metadata, spool, node, sealed_at, attempts,
       unknown_since IS NOT NULL, occupied_since IS NOT NULL, compression = 'gzip', pretty, dropped, omits_payload,
       sha256, md5, stored_bytes, earlier_sha256, earlier_md5, earlier_bytes,
       shipped_at IS NOT NULL, superseded_at IS NOT NULL, abandoned_at IS NOT NULL, blocked_at IS NOT NULL,
       repetition, reship_of, is_copy,
       CASE kind WHEN 'events' THEN EXISTS (SELECT 1 FROM _event WHERE id = first_id)
                 ELSE EXISTS (SELECT 1 FROM _reject WHERE id = first_id) END
FROM _batch WHERE id >= :from_id ORDER BY id LIMIT 1;
