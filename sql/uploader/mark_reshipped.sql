-- The object is there again. When its events were shipped has not changed.
UPDATE _batch SET etag = :etag, verified = :verified, attempts = attempts + 1 WHERE id = :id AND shipped_at IS NOT NULL;
