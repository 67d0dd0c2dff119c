-- Nobody waits for it any more: the one who does the work stops at the next step.
DELETE FROM _request WHERE id = :id AND done_at IS NULL;
