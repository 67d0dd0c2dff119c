-- The senders with the most events. The table is short (trim_senders.sql).
SELECT sender, source, last_received_at, CASE WHEN day = :today THEN events_of_day ELSE 0 END, events
FROM _sender ORDER BY events DESC, sender, source LIMIT :most;
