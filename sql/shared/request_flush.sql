-- Asks the uploader to ship all events up to the newest one; and all rejects, where it ships rejects.
UPDATE _uploader
SET flush_events = (SELECT last_event_id FROM _intake),
    flush_rejects = CASE WHEN rejects_travel THEN (SELECT last_reject_id FROM _intake) ELSE 0 END
RETURNING flush_events, flush_rejects;
