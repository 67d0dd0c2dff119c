-- The open requests to a program, the oldest first.
SELECT id, action, argument FROM _request INDEXED BY _request_open
WHERE program = :program AND done_at IS NULL ORDER BY id;
