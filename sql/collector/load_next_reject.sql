-- The first reject in a range of ids: whether it was settled before, whether all received bytes were kept, and its
-- bytes.
SELECT id, received_at, source, retried_at IS NOT NULL OR dismissed_at IS NOT NULL, length(payload) = bytes, payload
FROM _reject WHERE id BETWEEN :first_id AND :last_id ORDER BY id LIMIT 1;
