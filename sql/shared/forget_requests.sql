-- Requests that were left for an earlier process: the commands that wait for them see that they are gone.
DELETE FROM _request WHERE program = :program AND done_at IS NULL AND requested_at < :before;
