-- What an uploader should know each time: up to which ids a person wants everything shipped now, how many bytes have
-- come in, ever, and whether the collector wants room.
SELECT flush_events, flush_rejects, event_bytes + reject_bytes, low_space FROM _uploader, _intake;
