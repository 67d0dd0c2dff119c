-- The first reject in a range of ids: whether it was settled before, whether all received bytes were kept, and what is
-- needed to read it again.
SELECT id, received_at, source, retried_at IS NOT NULL OR dismissed_at IS NOT NULL, length(payload) = bytes,
       reason, encoding, namespaces, payload
FROM _reject WHERE id BETWEEN :first_id AND :last_id ORDER BY id LIMIT 1;
