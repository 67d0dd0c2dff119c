-- All senders, the rows of one name after each other. The table is short (trim_senders.sql), and its key is the order.
SELECT sender, source, last_received_at, day, days, events FROM _sender ORDER BY sender, source;
