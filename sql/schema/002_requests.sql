-- The second rung of the ladder: user_version 101. What commands ask of a running program, and the collector's wish for
-- room.

-- One request a row: a command that needs a running program's side leaves it, and waits until done_at is set.
CREATE TABLE _request (
    id       INTEGER PRIMARY KEY,
    program  TEXT    NOT NULL CHECK (program IN ('collector', 'uploader')), -- who is to do it
    what     TEXT    NOT NULL,
    argument TEXT    NOT NULL DEFAULT '',
    asked_at INTEGER NOT NULL,
    progress TEXT,                -- for the one who waits
    done_at  INTEGER,
    result   TEXT,                -- with done_at: what came of it
    failed   INTEGER CHECK (failed IN (0, 1))
) STRICT;

CREATE INDEX _request_open ON _request (program, id) WHERE done_at IS NULL;

-- 1: space is short, and shipped events need not be kept for RETENTION.
ALTER TABLE _intake ADD COLUMN low_space INTEGER NOT NULL DEFAULT 0 CHECK (low_space IN (0, 1));
