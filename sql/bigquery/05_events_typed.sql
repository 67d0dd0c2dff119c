-- The 42 fields of ACM's events with types, one row for each event, in BigQuery. sql/engines/events.sql comes after
-- this file.
-- Executed: not on BigQuery. tests/e2e/test_engines.py parses it as BigQuery's SQL, runs it on DuckDB, and compares its
-- fields with the list of them.
-- Sources: docs.cloud.google.com, BigQuery, "JSON functions" (JSON_VALUE of a STRING), "String functions"
-- (REGEXP_EXTRACT).
-- With EVENT_METADATA, and nowhere else, an event has a `_spool` that is its object's: without it, `_id` and the others
-- are fields of the sender's own.
CREATE OR REPLACE VIEW acm.events_typed AS
SELECT
    spool,
    SAFE_CAST(JSON_VALUE(metadata, '$._id') AS INT64) AS id,
    SAFE_CAST(JSON_VALUE(metadata, '$._received_at') AS TIMESTAMP) AS received_at,
    JSON_VALUE(metadata, '$._source') AS source_address,
    JSON_VALUE(metadata, '$._node') AS node,
    CAST(COALESCE(REGEXP_EXTRACT(filename, r'-r([0-9]+)[.]ndjson'), '1') AS INT64) AS repetition,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxGatewayDN')) AS gateway_dn,
    acm.acm_text(JSON_VALUE(event, '$.cn')) AS cn,
    acm.acm_time(JSON_VALUE(event, '$.plasectrxRecdate')) AS recorded_at,
    acm.acm_time(JSON_VALUE(event, '$.plasectrxPaneldate')) AS happened_at,
    acm.acm_time(JSON_VALUE(event, '$.plasectrxRecdateUTC')) AS recorded_at_utc,
    acm.acm_time(JSON_VALUE(event, '$.plasectrxPaneldateUTC')) AS happened_at_utc,
    acm.acm_time(JSON_VALUE(event, '$.plasectrxLastacc')) AS last_access_at,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxEvtypename')) AS event_type_name,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxBackgroundColor')) AS background_color,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxForegroundColor')) AS foreground_color,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxAckBackgroundColor')) AS ack_background_color,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxAckForegroundColor')) AS ack_foreground_color,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxEventname')) AS event_name,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxPanelname')) AS panel_name,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxSourcename')) AS source_name,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxSourcelocation')) AS source_location,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxSourcealtname')) AS source_alt_name,
    acm.acm_number(JSON_VALUE(event, '$.plasectrxPointaddress')) AS point_address,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxPointDN')) AS point_dn,
    acm.acm_number(JSON_VALUE(event, '$.plasectrxEvtypeaddress')) AS event_type_address,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxSourceDN')) AS source_dn,
    acm.acm_number(JSON_VALUE(event, '$.plasectrxSourcetype')) AS source_type,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxOperatorname')) AS operator_name,
    acm.acm_number(JSON_VALUE(event, '$.plasectrxPri')) AS priority,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxMsg')) AS message,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxIdentityDN')) AS identity_dn,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxCardno')) AS card_number,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxEmbossedno')) AS embossed_number,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxLname')) AS last_name,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxFname')) AS first_name,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxMi')) AS middle_initial,
    acm.acm_number(JSON_VALUE(event, '$.plasectrxIssuelevel')) AS issue_level,
    acm.acm_text(JSON_VALUE(event, '$.plasectrxFacilityCode')) AS facility_code,
    acm.acm_time(JSON_VALUE(event, '$.plasectrxExpiredat')) AS expires_at,
    acm.acm_time(JSON_VALUE(event, '$.plasectrxActivdat')) AS activates_at,
    acm.acm_time(JSON_VALUE(event, '$.plasectrxIssuedat')) AS issued_at,
    acm.acm_flag(JSON_VALUE(event, '$.plasectrxHasCamera')) AS has_camera,
    acm.acm_flag(JSON_VALUE(event, '$.plasectrxHasNotes')) AS has_notes,
    acm.acm_flag(JSON_VALUE(event, '$.plasectrxHasSoftTriggerSet')) AS has_soft_trigger_set,
    acm.acm_flag(JSON_VALUE(event, '$.plasectrxShowVideo')) AS show_video,
    acm.acm_number(JSON_VALUE(event, '$.plasectrxSeqno')) AS sequence_number,
    acm.acm_flag(JSON_VALUE(event, '$.plasectrxIsAlarm')) AS is_alarm,
    filename,
    loaded_at
FROM (
    SELECT *, CASE WHEN JSON_VALUE(event, '$._spool') = spool THEN event END AS metadata
    FROM (
        SELECT *, REGEXP_EXTRACT(filename, r'-([0-9a-f]{10})-[0-9]{10,}-[0-9]{10,}[^/]*$') AS spool FROM acm.raw_events
    ) AS named
) AS loaded;
