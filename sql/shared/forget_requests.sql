-- What an earlier process was asked for: its asker is told to ask again.
DELETE FROM _request WHERE program = :program AND done_at IS NULL AND asked_at < :before;
