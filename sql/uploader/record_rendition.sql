-- Before a shipped batch is put again with other bytes than before, as a library was upgraded. Those before stay known.
UPDATE _batch
SET earlier_sha256 = sha256, earlier_md5 = md5, earlier_bytes = stored_bytes,
    sha256 = :sha256, md5 = :md5, stored_bytes = :stored_bytes
WHERE id = :id AND shipped_at IS NOT NULL;
