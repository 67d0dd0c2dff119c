-- What the collector and commands want from the uploader: up to which ids everything is to be shipped now, how many
-- bytes were received in all, which event is the newest and when it was received, and whether space is low.
SELECT flush_events, flush_rejects, event_bytes + reject_bytes, last_event_id, last_event_at, low_space
FROM _uploader, _intake;
