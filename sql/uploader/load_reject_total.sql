-- The same for one reject.
SELECT total_bytes FROM _reject WHERE id = :id;
