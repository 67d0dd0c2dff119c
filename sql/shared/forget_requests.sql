-- Deletes open requests to an earlier process of the program; the commands that wait for them say to try again.
DELETE FROM _request WHERE program = :program AND done_at IS NULL AND asked_at < :before;
