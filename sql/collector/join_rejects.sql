-- Above REJECTS_MAX_SIZE: one row stands for further rejects of its sender and reason. Only if may_join_rejects.sql has
-- found it in the same transaction.
UPDATE _reject SET bytes = :bytes, detail = :detail WHERE id = :id;
