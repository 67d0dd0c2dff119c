-- The first and the last reject in the spool. There is no gap between them.
SELECT coalesce((SELECT min(id) FROM _reject), last_reject_id + 1), last_reject_id FROM _intake;
