-- The command does not wait any more: the program gives the work up at its next report of progress.
DELETE FROM _request WHERE id = :id AND done_at IS NULL;
