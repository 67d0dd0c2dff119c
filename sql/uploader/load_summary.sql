-- The public view `summary`, for `status`.
SELECT events, bytes, oldest_age_seconds, last_event_at, last_shipped_at, uploader_seen_at, last_error, remedy,
       rejects_24h, spool_bytes, trial_mode
FROM summary;
