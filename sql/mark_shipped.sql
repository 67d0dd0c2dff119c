-- The object is there, with these bytes. One small row; the events' state follows from it.
UPDATE _batch
SET shipped_at = :now, etag = :etag, verified = :verified, unknown_since = NULL, blocked_at = NULL, last_error = NULL,
    remedy = NULL
WHERE id = :id;
