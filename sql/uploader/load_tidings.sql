-- What an uploader should know each time: up to which ids a person wants everything shipped now, how many bytes have
-- come in, ever, and whether the collector wants room.
SELECT flush_events, flush_rejects, event_bytes + reject_bytes, wants_room FROM _uploader, _intake;
