-- The first event at or after an id that is still in the spool: when it came, and how many bytes had come before it.
SELECT id, received_at, total_bytes - bytes FROM _event WHERE id >= :id ORDER BY id LIMIT 1;
