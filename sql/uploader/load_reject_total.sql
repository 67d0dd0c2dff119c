-- The running byte total at one reject, as load_event_total.sql.
SELECT total_bytes FROM _reject WHERE id = :id;
