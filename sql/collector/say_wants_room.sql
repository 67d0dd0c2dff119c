-- Tells the uploader that space is short: shipped events may go before RETENTION is over.
UPDATE _intake SET wants_room = :wants_room WHERE wants_room <> :wants_room;
