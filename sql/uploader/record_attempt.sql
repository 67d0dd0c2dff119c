-- Before a PUT: record the hashes of its bytes, and that its outcome is unknown from now on. Hashes of other bytes that
-- an earlier PUT may have stored are kept.
UPDATE _batch
SET earlier_sha256 = CASE WHEN unknown_since IS NOT NULL AND sha256 <> :sha256 THEN sha256 ELSE earlier_sha256 END,
    earlier_md5 = CASE WHEN unknown_since IS NOT NULL AND sha256 <> :sha256 THEN md5 ELSE earlier_md5 END,
    earlier_bytes = CASE WHEN unknown_since IS NOT NULL AND sha256 <> :sha256 THEN stored_bytes ELSE earlier_bytes END,
    sha256 = :sha256, md5 = :md5, stored_bytes = :stored_bytes, attempts = attempts + 1,
    unknown_since = coalesce(unknown_since, :now)
WHERE id = :id AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL;
