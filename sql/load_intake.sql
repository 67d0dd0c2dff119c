-- Where the counters stand, and which group of which writer was the last to be committed.
SELECT last_event_id, event_bytes, last_reject_id, reject_bytes, writer, group_number FROM _intake;
