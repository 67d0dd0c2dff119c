-- For the one who waits; no row where nobody does.
UPDATE _request SET progress = :progress WHERE id = :id AND done_at IS NULL;
