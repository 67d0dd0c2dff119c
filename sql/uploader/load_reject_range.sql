-- The rejects that are in the spool: without a gap from the first to the last.
SELECT coalesce((SELECT min(id) FROM _reject), last_reject_id + 1), last_reject_id FROM _intake;
