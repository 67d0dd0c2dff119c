-- Before a PUT: what the bytes are, and that from now on nobody knows whether they are there. Other bytes of an earlier
-- try that may have been stored stay known.
UPDATE _batch
SET earlier_sha256 = CASE WHEN unknown_since IS NOT NULL AND sha256 <> :sha256 THEN sha256 ELSE earlier_sha256 END,
    earlier_md5 = CASE WHEN unknown_since IS NOT NULL AND sha256 <> :sha256 THEN md5 ELSE earlier_md5 END,
    earlier_bytes = CASE WHEN unknown_since IS NOT NULL AND sha256 <> :sha256 THEN stored_bytes ELSE earlier_bytes END,
    sha256 = :sha256, md5 = :md5, stored_bytes = :stored_bytes, attempts = attempts + 1,
    unknown_since = coalesce(unknown_since, :now)
WHERE id = :id;
