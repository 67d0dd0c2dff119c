-- The request is over. Nothing changes if it was withdrawn.
UPDATE _request SET done_at = :now, result = :result, failed = :failed WHERE id = :id AND done_at IS NULL;
