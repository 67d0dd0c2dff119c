-- The retention clock, and the wall clock's time when it was stored.
SELECT kept_ms, kept_at FROM _uploader;
