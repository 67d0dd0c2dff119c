-- One slice of a batch's rejects, as load_events.sql.
SELECT id, received_at, source, payload, reason, detail, bytes
FROM _reject WHERE id BETWEEN :from_id AND :last_id ORDER BY id LIMIT :count;
