-- The oldest open request to a program.
SELECT id, what, argument FROM _request INDEXED BY _request_open
WHERE program = :program AND done_at IS NULL ORDER BY id LIMIT 1;
