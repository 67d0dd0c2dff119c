-- How far it has come.
SELECT progress, done_at IS NOT NULL, result, failed FROM _request WHERE id = :id;
