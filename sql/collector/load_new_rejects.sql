-- The rejects in a range of ids, for a person to watch: no payload, and nothing that a detail may quote of it.
SELECT id, received_at, source, reason, bytes FROM _reject WHERE id > :after AND id <= :last ORDER BY id LIMIT :count;
