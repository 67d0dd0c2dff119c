-- The 42 fields of ACM's events with types, one row for each event, in Databricks. sql/engines/events.sql comes after
-- this file.
-- Executed: not on Databricks. tests/e2e/test_engines.py parses it as Snowflake's SQL, which has the same functions
-- here, runs it on DuckDB, and compares its fields with the list of them.
-- Sources: docs.databricks.com, "variant_get function", "regexp_extract function".
USE CATALOG eventspool;
-- With EVENT_METADATA, and nowhere else, an event has a `_spool` that is its object's: without it, `_id` and the others
-- are fields of the sender's own.
CREATE OR REPLACE VIEW acm.events_typed AS
SELECT
    spool,
    try_cast(variant_get(metadata, '$._id', 'string') AS BIGINT) AS id,
    try_cast(variant_get(metadata, '$._received_at', 'string') AS TIMESTAMP) AS received_at,
    variant_get(metadata, '$._source', 'string') AS source_address,
    variant_get(metadata, '$._node', 'string') AS node,
    coalesce(try_cast(regexp_extract(filename, '-r([0-9]+)[.]ndjson', 1) AS INT), 1) AS repetition,
    acm.acm_text(variant_get(event, '$.plasectrxGatewayDN', 'string')) AS gateway_dn,
    acm.acm_text(variant_get(event, '$.cn', 'string')) AS cn,
    acm.acm_time(variant_get(event, '$.plasectrxRecdate', 'string')) AS recorded_at,
    acm.acm_time(variant_get(event, '$.plasectrxPaneldate', 'string')) AS happened_at,
    acm.acm_time(variant_get(event, '$.plasectrxRecdateUTC', 'string')) AS recorded_at_utc,
    acm.acm_time(variant_get(event, '$.plasectrxPaneldateUTC', 'string')) AS happened_at_utc,
    acm.acm_time(variant_get(event, '$.plasectrxLastacc', 'string')) AS last_access_at,
    acm.acm_text(variant_get(event, '$.plasectrxEvtypename', 'string')) AS event_type_name,
    acm.acm_text(variant_get(event, '$.plasectrxBackgroundColor', 'string')) AS background_color,
    acm.acm_text(variant_get(event, '$.plasectrxForegroundColor', 'string')) AS foreground_color,
    acm.acm_text(variant_get(event, '$.plasectrxAckBackgroundColor', 'string')) AS ack_background_color,
    acm.acm_text(variant_get(event, '$.plasectrxAckForegroundColor', 'string')) AS ack_foreground_color,
    acm.acm_text(variant_get(event, '$.plasectrxEventname', 'string')) AS event_name,
    acm.acm_text(variant_get(event, '$.plasectrxPanelname', 'string')) AS panel_name,
    acm.acm_text(variant_get(event, '$.plasectrxSourcename', 'string')) AS source_name,
    acm.acm_text(variant_get(event, '$.plasectrxSourcelocation', 'string')) AS source_location,
    acm.acm_text(variant_get(event, '$.plasectrxSourcealtname', 'string')) AS source_alt_name,
    acm.acm_number(variant_get(event, '$.plasectrxPointaddress', 'string')) AS point_address,
    acm.acm_text(variant_get(event, '$.plasectrxPointDN', 'string')) AS point_dn,
    acm.acm_number(variant_get(event, '$.plasectrxEvtypeaddress', 'string')) AS event_type_address,
    acm.acm_text(variant_get(event, '$.plasectrxSourceDN', 'string')) AS source_dn,
    acm.acm_number(variant_get(event, '$.plasectrxSourcetype', 'string')) AS source_type,
    acm.acm_text(variant_get(event, '$.plasectrxOperatorname', 'string')) AS operator_name,
    acm.acm_number(variant_get(event, '$.plasectrxPri', 'string')) AS priority,
    acm.acm_text(variant_get(event, '$.plasectrxMsg', 'string')) AS message,
    acm.acm_text(variant_get(event, '$.plasectrxIdentityDN', 'string')) AS identity_dn,
    acm.acm_text(variant_get(event, '$.plasectrxCardno', 'string')) AS card_number,
    acm.acm_text(variant_get(event, '$.plasectrxEmbossedno', 'string')) AS embossed_number,
    acm.acm_text(variant_get(event, '$.plasectrxLname', 'string')) AS last_name,
    acm.acm_text(variant_get(event, '$.plasectrxFname', 'string')) AS first_name,
    acm.acm_text(variant_get(event, '$.plasectrxMi', 'string')) AS middle_initial,
    acm.acm_number(variant_get(event, '$.plasectrxIssuelevel', 'string')) AS issue_level,
    acm.acm_text(variant_get(event, '$.plasectrxFacilityCode', 'string')) AS facility_code,
    acm.acm_time(variant_get(event, '$.plasectrxExpiredat', 'string')) AS expires_at,
    acm.acm_time(variant_get(event, '$.plasectrxActivdat', 'string')) AS activates_at,
    acm.acm_time(variant_get(event, '$.plasectrxIssuedat', 'string')) AS issued_at,
    acm.acm_flag(variant_get(event, '$.plasectrxHasCamera', 'string')) AS has_camera,
    acm.acm_flag(variant_get(event, '$.plasectrxHasNotes', 'string')) AS has_notes,
    acm.acm_flag(variant_get(event, '$.plasectrxHasSoftTriggerSet', 'string')) AS has_soft_trigger_set,
    acm.acm_flag(variant_get(event, '$.plasectrxShowVideo', 'string')) AS show_video,
    acm.acm_number(variant_get(event, '$.plasectrxSeqno', 'string')) AS sequence_number,
    acm.acm_flag(variant_get(event, '$.plasectrxIsAlarm', 'string')) AS is_alarm,
    filename,
    file_last_modified,
    loaded_at
FROM (
    SELECT *, CASE WHEN variant_get(event, '$._spool', 'string') = spool THEN event END AS metadata
    FROM (
        SELECT *, regexp_extract(filename, '-([0-9a-f]{10})-[0-9]{10,}-[0-9]{10,}[^/]*$', 1) AS spool FROM acm.raw_events
    ) AS named
) AS loaded;
