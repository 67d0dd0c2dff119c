-- Everything up to now.
UPDATE _uploader
SET flush_events = max(flush_events, (SELECT last_event_id FROM _intake)),
    flush_rejects = CASE WHEN :with_rejects THEN max(flush_rejects, (SELECT last_reject_id FROM _intake))
                         ELSE flush_rejects END
RETURNING flush_events, flush_rejects;
