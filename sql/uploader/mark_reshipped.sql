-- The object of a shipped batch was put again. The time at which its events were first shipped stays.
UPDATE _batch SET etag = :etag, verified = :verified, attempts = attempts + 1 WHERE id = :id AND shipped_at IS NOT NULL;
