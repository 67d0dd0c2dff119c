-- For `verify`: the reject that holds the mark, as find_marked_event.sql.
SELECT id, reason, detail FROM _reject
WHERE id > :after_id AND id <= :last_id AND instr(payload, CAST(:mark AS BLOB)) > 0 ORDER BY id LIMIT 1;
