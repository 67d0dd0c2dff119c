-- The running byte totals at one reject and before it, as load_event_total.sql.
SELECT total_bytes, total_bytes - row_bytes FROM _reject WHERE id = :id;
