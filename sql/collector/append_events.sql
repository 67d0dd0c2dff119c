-- All events of the present group. Their ids and running totals go on from those in _intake, whose row changes in the
-- same transaction (collector/spool/group_table.h). With the columns in the table's order no value is moved on its way.
-- group_events() with its brackets is the virtual table alone: without them a table that somebody has called so comes first.
-- ROLLBACK, since ABORT would keep what a page held before the statement, in memory, to undo this statement alone.
INSERT OR ROLLBACK INTO _event (id, received_at, total_bytes, bytes, source, sender, uid, name, time, source_name, payload)
SELECT id, received_at, total_bytes, bytes, source, sender, uid, name, time, source_name, payload FROM group_events();
