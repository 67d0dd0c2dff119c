-- Before a shipped batch is put again: record its hashes, if an upgrade of a library has changed its bytes. The former
-- hashes are kept.
UPDATE _batch
SET earlier_sha256 = sha256, earlier_md5 = md5, earlier_bytes = stored_bytes,
    sha256 = :sha256, md5 = :md5, stored_bytes = :stored_bytes
WHERE id = :id AND shipped_at IS NOT NULL;
