-- The counters, the last committed group and its writer, and the schema's version, which a newer program may have
-- changed since the spool was opened.
SELECT last_event_id, event_bytes, last_reject_id, reject_bytes, writer, group_number,
       (SELECT user_version FROM pragma_user_version)
FROM _intake;
