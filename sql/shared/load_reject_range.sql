-- The first reject in the spool and the last one that was received. There may be gaps between them.
SELECT coalesce((SELECT min(id) FROM _reject), last_reject_id + 1), last_reject_id FROM _intake;
