-- Where the counters stand, which group of which writer was the last to be committed, and the schema's version: a newer
-- program may have changed it since the spool was opened.
SELECT last_event_id, event_bytes, last_reject_id, reject_bytes, writer, group_number,
       (SELECT user_version FROM pragma_user_version)
FROM _intake;
