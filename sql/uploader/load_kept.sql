-- How long rows have been kept so far, and when that was stored.
SELECT kept_ms, kept_at FROM _uploader;
