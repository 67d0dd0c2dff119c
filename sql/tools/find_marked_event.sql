-- For `verify`: the event that holds the mark, among those from behind :after_id up to :last_id. Both bound what is read.
SELECT id FROM _event WHERE id > :after_id AND id <= :last_id AND instr(payload, :mark) > 0 ORDER BY id LIMIT 1;
