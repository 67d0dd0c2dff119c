-- Up to which ids a person wants everything shipped now.
SELECT flush_events, flush_rejects FROM _uploader;
