-- The events, typed, and each one once. `events` is what people ask; see docs/snowflake.md for what each column means.
-- Executed: not on Snowflake. Translated and run on DuckDB by tests/e2e/test_snowflake_views.py.
-- Sources: docs.snowflake.com, QUALIFY, MAX and ROW_NUMBER as window functions; docs/reference-objects.md, "Keys".
USE SCHEMA eventspool.acm;

-- Every row of every object with its types: an event has as many rows as it was loaded. What cannot be read as its type
-- is NULL. An object holds the ids that its name says; a row beyond them stands in an object of somebody else that lies
-- under a key of ours.
CREATE OR REPLACE VIEW events_typed AS
SELECT
    spool,
    id,
    spool_time(received_at) AS received_at,
    source_address,
    node,
    repetition,
    gateway_dn,
    cn,
    acm_time(recorded_at) AS recorded_at,
    acm_time(happened_at) AS happened_at,
    acm_time(recorded_at_utc) AS recorded_at_utc,
    acm_time(happened_at_utc) AS happened_at_utc,
    acm_time(last_access_at) AS last_access_at,
    event_type_name,
    background_color,
    foreground_color,
    ack_background_color,
    ack_foreground_color,
    event_name,
    panel_name,
    source_name,
    source_location,
    source_alt_name,
    acm_number(point_address) AS point_address,
    point_dn,
    acm_number(event_type_address) AS event_type_address,
    source_dn,
    acm_number(source_type) AS source_type,
    operator_name,
    acm_number(priority) AS priority,
    message,
    identity_dn,
    card_number,
    embossed_number,
    last_name,
    first_name,
    middle_initial,
    acm_number(issue_level) AS issue_level,
    facility_code,
    acm_time(expires_at) AS expires_at,
    acm_time(activates_at) AS activates_at,
    acm_time(issued_at) AS issued_at,
    acm_flag(has_camera) AS has_camera,
    acm_flag(has_notes) AS has_notes,
    acm_flag(has_soft_trigger_set) AS has_soft_trigger_set,
    acm_flag(show_video) AS show_video,
    acm_number(sequence_number) AS sequence_number,
    acm_flag(is_alarm) AS is_alarm,
    filename,
    file_row_number,
    file_last_modified,
    start_scan_time
FROM (SELECT * FROM event_fields_json UNION ALL SELECT * FROM event_fields_xml) AS fields
WHERE id BETWEEN object_first_id(filename) AND object_last_id(filename);

-- Each event once, whatever was loaded how often:
--   * for each id of a spool, the object with the highest repetition (-rN) counts, and no other;
--   * of its rows with the same time of receipt one counts: the same object may have been loaded by COPY and by a pipe.
--     Without EVENT_METADATA no row has a time, so one row counts for each id.
-- Test events, as `make send` sends them, are no events of yours.
--
-- What this cannot see: where the spool's file was set back (a machine's snapshot was restored), the spool gives ids to
-- events that it has given to others before. With EVENT_METADATA their times of receipt differ, and both are kept; but
-- if an object with a higher repetition has such an id, it alone counts, and the other event is to be found in
-- events_typed. Without EVENT_METADATA one of the two is left out, and nothing tells. In the same way, an object of
-- somebody else under a key of ours counts until our own is loaded, which has a higher repetition.
CREATE OR REPLACE VIEW events AS
SELECT *
FROM events_typed
WHERE gateway_dn IS DISTINCT FROM 'cn=eventspool-test'
QUALIFY repetition = MAX(repetition) OVER (PARTITION BY spool, id)
    AND ROW_NUMBER() OVER (
        PARTITION BY spool, id, repetition, received_at ORDER BY filename, file_row_number, start_scan_time
    ) = 1;
