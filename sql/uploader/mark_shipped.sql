-- The object is stored with these bytes, which may be those of an earlier rendition if a library was upgraded since.
-- This one small row changes; the state of the events follows from it.
UPDATE _batch
SET shipped_at = :now, kept_from = :kept_ms, etag = :etag, verified = :verified, unknown_since = NULL,
    occupied_since = NULL, blocked_at = NULL, refused_status = NULL, refused_code = NULL, last_error = NULL, remedy = NULL,
    sha256 = coalesce(:sha256, sha256), md5 = CASE WHEN :sha256 IS NULL THEN md5 ELSE :md5 END,
    stored_bytes = CASE WHEN :sha256 IS NULL THEN stored_bytes ELSE :stored_bytes END
WHERE id = :id AND superseded_at IS NULL AND abandoned_at IS NULL;
