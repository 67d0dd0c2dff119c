-- For `senders list`: at most a thousand rows (trim_senders.sql), in the order of the table's key.
SELECT sender, source, last_received_at, silent_seconds, events_today FROM senders ORDER BY sender, source;
