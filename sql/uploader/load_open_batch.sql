-- The oldest batch of a kind, from :from_id on, that is to be shipped.
SELECT id, kind, first_id, last_id, bytes, destination, object_key, format, metadata, spool, node, sealed_at, attempts,
       unknown_since IS NOT NULL, occupied_since IS NOT NULL, compression = 'gzip', pretty, dropped, omits_payload,
       sha256, md5, stored_bytes, earlier_sha256, earlier_md5, earlier_bytes,
       shipped_at IS NOT NULL, superseded_at IS NOT NULL, abandoned_at IS NOT NULL, blocked_at IS NOT NULL,
       repetition, reship_of, is_copy
FROM _batch INDEXED BY _batch_open
WHERE kind = :kind AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL AND first_id >= :from_id
ORDER BY first_id LIMIT 1;
