-- The progress and the outcome of a request.
SELECT progress, done_at IS NOT NULL, result, failed FROM _request WHERE id = :id;
