-- The same for rejects.
SELECT id, received_at, source, payload, reason, detail, bytes
FROM _reject WHERE id BETWEEN :from_id AND :last_id ORDER BY id LIMIT :count;
