-- The events committed after a given one, for a person to watch: no payload and no personal data.
SELECT id, received_at, sender, name, source_name FROM _event WHERE id > :after ORDER BY id LIMIT :count;
