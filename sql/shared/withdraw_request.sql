-- Deletes a request that nobody waits for any more: the program stops working on it at its next slice.
DELETE FROM _request WHERE id = :id AND done_at IS NULL;
