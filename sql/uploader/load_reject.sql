-- For `rejects show`.
SELECT id, received_at, source, reason, bytes, state, detail, truncated, payload FROM rejects WHERE id = :id;
