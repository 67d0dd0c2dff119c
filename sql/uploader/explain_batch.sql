-- Why the batch was superseded, and what a person can do.
UPDATE _batch SET last_error = :error, remedy = :remedy WHERE id = :id;
