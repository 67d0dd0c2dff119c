-- What commands have asked for and is not done yet.
SELECT id, program, what, strftime('%Y-%m-%dT%H:%M:%fZ', asked_at / 1000.0, 'unixepoch'), progress
FROM _request WHERE done_at IS NULL ORDER BY id;
