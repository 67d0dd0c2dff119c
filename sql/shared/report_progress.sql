-- For the command that waits. Nothing changes if the request was withdrawn.
UPDATE _request SET progress = :progress WHERE id = :id AND done_at IS NULL;
