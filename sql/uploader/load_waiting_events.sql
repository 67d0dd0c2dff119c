-- The events that are in no batch yet: the first and the last id, when the first was received, and the running byte
-- totals before the first and at the last. No row: no event waits.
SELECT e.id, i.last_event_id, e.received_at, e.total_bytes - e.bytes, i.event_bytes
FROM _intake i
JOIN _event e ON e.id = 1 + coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                                      WHERE kind = 'events' AND superseded_at IS NULL AND is_copy = 0
                                      ORDER BY first_id DESC LIMIT 1), 0);
