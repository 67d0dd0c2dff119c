-- Stores the progress of a request. No row changes where the command no longer waits for it.
UPDATE _request SET progress = :progress WHERE id = :id AND done_at IS NULL;
