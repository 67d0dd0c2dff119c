-- Above REJECTS_MAX_SIZE: one row stands for further rejects of its sender and reason, or of its reason and several
-- senders. Only if may_join_rejects.sql has found it in the same transaction.
UPDATE _reject SET bytes = :bytes, detail = :detail, source = :source WHERE id = :id;
