-- The object is there, with these bytes: an earlier rendition's, where a library's upgrade has changed them since. One
-- small row; the events' state follows from it.
UPDATE _batch
SET shipped_at = :now, kept_from = :kept_ms, etag = :etag, verified = :verified, unknown_since = NULL, blocked_at = NULL,
    last_error = NULL, remedy = NULL, sha256 = coalesce(:sha256, sha256), md5 = coalesce(:md5, md5),
    stored_bytes = CASE WHEN :sha256 IS NULL THEN stored_bytes ELSE :stored_bytes END
WHERE id = :id;
