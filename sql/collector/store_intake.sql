-- Stores the counters after a chain of groups, in the same transaction as the rows.
UPDATE _intake
SET last_event_id = :last_event_id, event_bytes = :event_bytes, received_bytes = received_bytes + :read_bytes,
    last_reject_id = :last_reject_id, reject_bytes = :reject_bytes, writer = :writer, group_number = :group_number,
    last_event_at = coalesce(:last_event_at, last_event_at);
