-- The events in a range of ids, for a person to watch: no payload and no personal data.
SELECT id, received_at, sender, name, source_name FROM _event WHERE id > :after AND id <= :last ORDER BY id LIMIT :count;
