-- For `batches list --open`: the newest batches that are to be shipped. The columns are those of list_batches.sql.
SELECT b.id, b.kind, v.state, v.may_be_stored, b.first_id, b.last_id, b.events, b.bytes, b.object_key, b.attempts,
       strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(b.shipped_at, b.superseded_at, b.abandoned_at, b.blocked_at, b.sealed_at)
                                      / 1000.0, 'unixepoch'),
       b.last_error, b.remedy
FROM _batch b INDEXED BY _batch_open_ids JOIN batches v ON v.id = b.id
WHERE b.shipped_at IS NULL AND b.superseded_at IS NULL AND b.abandoned_at IS NULL AND b.id <= :last_id
ORDER BY b.id DESC LIMIT :count;
