-- What the running collector says of itself.
UPDATE _collector
SET version = :version, started_at = :started_at, min_free_bytes = :min_free_bytes, max_bytes = :max_bytes,
    listening_since = :listening_since, listened_at = :listened_at;
