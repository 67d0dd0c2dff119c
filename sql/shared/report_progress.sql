-- For the command that waits. Nothing changes where the request was withdrawn.
UPDATE _request SET progress = :progress WHERE id = :id AND done_at IS NULL;
