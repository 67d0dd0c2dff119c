-- Before a PUT: what the bytes are, and that from now on nobody knows whether they are there.
UPDATE _batch
SET sha256 = :sha256, md5 = :md5, stored_bytes = :stored_bytes, attempts = attempts + 1,
    unknown_since = coalesce(unknown_since, :now)
WHERE id = :id;
