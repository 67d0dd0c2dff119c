-- For `batches list`: the newest batches, whatever has become of them, with the time since when they are in their state.
SELECT b.id, b.kind, v.state, v.may_be_stored, b.first_id, b.last_id, b.events, b.bytes, b.object_key, b.attempts,
       strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(b.shipped_at, b.superseded_at, b.abandoned_at, b.blocked_at, b.sealed_at)
                                      / 1000.0, 'unixepoch'),
       b.last_error, b.remedy
FROM _batch b JOIN batches v ON v.id = b.id WHERE b.id <= :last_id ORDER BY b.id DESC LIMIT :count;
