-- How far the work on a request has come. No row: the program was restarted meanwhile.
SELECT progress, done_at IS NOT NULL, result, failed FROM _request WHERE id = :id;
