-- What commands have requested and wait for.
SELECT id, program, action, strftime('%Y-%m-%dT%H:%M:%fZ', requested_at / 1000.0, 'unixepoch'), progress
FROM _request WHERE done_at IS NULL ORDER BY id;
