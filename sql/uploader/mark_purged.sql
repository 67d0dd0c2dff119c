-- The last of the batch's rows is gone.
UPDATE _batch SET has_rows = 0 WHERE id = :id;
