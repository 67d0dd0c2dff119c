-- Marks all that is in the spool now as due; rejects only if the uploader ships them.
UPDATE _uploader
SET flush_events = (SELECT last_event_id FROM _intake),
    flush_rejects = CASE WHEN ships_rejects THEN (SELECT last_reject_id FROM _intake) ELSE 0 END
RETURNING flush_events, flush_rejects;
