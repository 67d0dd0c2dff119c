-- The oldest batch of a kind, from :from_id on, that is sealed and not shipped.
SELECT id, first_id, last_id, bytes, destination, object_key, format, metadata, spool, node, sealed_at, sha256, attempts,
       unknown_since IS NOT NULL
FROM _batch INDEXED BY _batch_open
WHERE kind = :kind AND shipped_at IS NULL AND abandoned_at IS NULL AND first_id >= :from_id
ORDER BY first_id LIMIT 1;
