-- Tells the uploader that space is short: shipped events may go before RETENTION is over.
UPDATE _intake SET low_space = :low_space WHERE low_space <> :low_space;
