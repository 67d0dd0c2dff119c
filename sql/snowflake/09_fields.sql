-- The fields of each event as text, one view for what came as JSON or NDJSON and one for what came as XML, with the
-- same columns in the same order. Text is trimmed, and what is empty or missing is NULL. 10_events.sql gives the fields
-- their types.
-- Executed: not on Snowflake. Translated and run on DuckDB by tests/e2e/test_snowflake_views.py, on objects of the real
-- uploader. XML was read by Python's ElementTree into the form that the page of XMLGET describes: how Snowflake itself
-- reads XML, and that it numbers the events of an XML object by FILE_ROW_NUMBER from 1 on, was not seen.
-- Sources: docs.snowflake.com, "Querying semi-structured data", XMLGET, GET, "Querying metadata for staged files".
USE SCHEMA eventspool.acm;

-- Which event it is:
--   with EVENT_METADATA   the event itself names its spool, its id, when and from where it came, and the node. It is
--                         believed if its spool is that of the object's name: else these are fields of the sender's.
--   without               the object's name has the spool, and the first and the last id, which its events have in
--                         their order. The rest is NULL.
-- Each row of raw_events has a row here, unless a deletion request has emptied it (`event` is NULL). An event that the
-- uploader gave as the single member `#xml` has its row, and no field in it. To find such events:
--   SELECT filename, file_row_number FROM raw_events WHERE event:"#xml" IS NOT NULL;

-- Fields of another feed get views like these. In JSON their names say where they stand (docs/reference-objects.md,
-- "JSON and NDJSON") and have to be quoted; in XML elements are taken one by one. Both columns give the same:
--   the second child f                event:"f[2]"::STRING      GET(XMLGET(event, 'f', 1), '$')::STRING
--   the child k of the child n        event:"n/k"::STRING       GET(XMLGET(XMLGET(event, 'n'), 'k'), '$')::STRING
--   the event's own attribute a       event:"@a"::STRING        GET(event, '@a')::STRING
--   the attribute q of that child k   event:"n/k/@q"::STRING    GET(XMLGET(XMLGET(event, 'n'), 'k'), '@q')::STRING
-- Two things differ. Of a field that holds elements, JSON gives its own text alone, and XML the whole as the text of a
-- VARIANT. And what Snowflake makes of namespaces in XML we have not found; in JSON a name has its prefix, as sent.

-- With EVENT_METADATA, and nowhere else, an event has a `_spool` that is its object's.
CREATE OR REPLACE VIEW event_fields_json AS
SELECT
    object_spool(filename) AS spool,
    COALESCE(TRY_TO_NUMBER(metadata:_id::STRING), object_first_id(filename) + file_row_number - 1) AS id,
    metadata:_received_at::STRING AS received_at,
    metadata:_source::STRING AS source_address,
    metadata:_node::STRING AS node,
    object_repetition(filename) AS repetition,
    acm_text(event:plasectrxGatewayDN::STRING) AS gateway_dn,
    acm_text(event:cn::STRING) AS cn,
    acm_text(event:plasectrxRecdate::STRING) AS recorded_at,
    acm_text(event:plasectrxPaneldate::STRING) AS happened_at,
    acm_text(event:plasectrxRecdateUTC::STRING) AS recorded_at_utc,
    acm_text(event:plasectrxPaneldateUTC::STRING) AS happened_at_utc,
    acm_text(event:plasectrxLastacc::STRING) AS last_access_at,
    acm_text(event:plasectrxEvtypename::STRING) AS event_type_name,
    acm_text(event:plasectrxBackgroundColor::STRING) AS background_color,
    acm_text(event:plasectrxForegroundColor::STRING) AS foreground_color,
    acm_text(event:plasectrxAckBackgroundColor::STRING) AS ack_background_color,
    acm_text(event:plasectrxAckForegroundColor::STRING) AS ack_foreground_color,
    acm_text(event:plasectrxEventname::STRING) AS event_name,
    acm_text(event:plasectrxPanelname::STRING) AS panel_name,
    acm_text(event:plasectrxSourcename::STRING) AS source_name,
    acm_text(event:plasectrxSourcelocation::STRING) AS source_location,
    acm_text(event:plasectrxSourcealtname::STRING) AS source_alt_name,
    acm_text(event:plasectrxPointaddress::STRING) AS point_address,
    acm_text(event:plasectrxPointDN::STRING) AS point_dn,
    acm_text(event:plasectrxEvtypeaddress::STRING) AS event_type_address,
    acm_text(event:plasectrxSourceDN::STRING) AS source_dn,
    acm_text(event:plasectrxSourcetype::STRING) AS source_type,
    acm_text(event:plasectrxOperatorname::STRING) AS operator_name,
    acm_text(event:plasectrxPri::STRING) AS priority,
    acm_text(event:plasectrxMsg::STRING) AS message,
    acm_text(event:plasectrxIdentityDN::STRING) AS identity_dn,
    acm_text(event:plasectrxCardno::STRING) AS card_number,
    acm_text(event:plasectrxEmbossedno::STRING) AS embossed_number,
    acm_text(event:plasectrxLname::STRING) AS last_name,
    acm_text(event:plasectrxFname::STRING) AS first_name,
    acm_text(event:plasectrxMi::STRING) AS middle_initial,
    acm_text(event:plasectrxIssuelevel::STRING) AS issue_level,
    acm_text(event:plasectrxFacilityCode::STRING) AS facility_code,
    acm_text(event:plasectrxExpiredat::STRING) AS expires_at,
    acm_text(event:plasectrxActivdat::STRING) AS activates_at,
    acm_text(event:plasectrxIssuedat::STRING) AS issued_at,
    acm_text(event:plasectrxHasCamera::STRING) AS has_camera,
    acm_text(event:plasectrxHasNotes::STRING) AS has_notes,
    acm_text(event:plasectrxHasSoftTriggerSet::STRING) AS has_soft_trigger_set,
    acm_text(event:plasectrxShowVideo::STRING) AS show_video,
    acm_text(event:plasectrxSeqno::STRING) AS sequence_number,
    acm_text(event:plasectrxIsAlarm::STRING) AS is_alarm,
    filename,
    file_row_number,
    file_last_modified,
    start_scan_time
FROM (
    SELECT *, IFF(event:_spool::STRING = object_spool(filename), event, NULL) AS metadata
    FROM raw_events
    WHERE object_format(filename) IN ('json', 'ndjson') AND event IS NOT NULL
) AS loaded;

-- GET(..., '$') is an element's content, and GET(..., '@name') an attribute.
CREATE OR REPLACE VIEW event_fields_xml AS
SELECT
    object_spool(filename) AS spool,
    COALESCE(TRY_TO_NUMBER(GET(metadata, '@_id')::STRING), object_first_id(filename) + file_row_number - 1) AS id,
    GET(metadata, '@_received_at')::STRING AS received_at,
    GET(metadata, '@_source')::STRING AS source_address,
    GET(metadata, '@_node')::STRING AS node,
    object_repetition(filename) AS repetition,
    acm_text(GET(XMLGET(event, 'plasectrxGatewayDN'), '$')::STRING) AS gateway_dn,
    acm_text(GET(XMLGET(event, 'cn'), '$')::STRING) AS cn,
    acm_text(GET(XMLGET(event, 'plasectrxRecdate'), '$')::STRING) AS recorded_at,
    acm_text(GET(XMLGET(event, 'plasectrxPaneldate'), '$')::STRING) AS happened_at,
    acm_text(GET(XMLGET(event, 'plasectrxRecdateUTC'), '$')::STRING) AS recorded_at_utc,
    acm_text(GET(XMLGET(event, 'plasectrxPaneldateUTC'), '$')::STRING) AS happened_at_utc,
    acm_text(GET(XMLGET(event, 'plasectrxLastacc'), '$')::STRING) AS last_access_at,
    acm_text(GET(XMLGET(event, 'plasectrxEvtypename'), '$')::STRING) AS event_type_name,
    acm_text(GET(XMLGET(event, 'plasectrxBackgroundColor'), '$')::STRING) AS background_color,
    acm_text(GET(XMLGET(event, 'plasectrxForegroundColor'), '$')::STRING) AS foreground_color,
    acm_text(GET(XMLGET(event, 'plasectrxAckBackgroundColor'), '$')::STRING) AS ack_background_color,
    acm_text(GET(XMLGET(event, 'plasectrxAckForegroundColor'), '$')::STRING) AS ack_foreground_color,
    acm_text(GET(XMLGET(event, 'plasectrxEventname'), '$')::STRING) AS event_name,
    acm_text(GET(XMLGET(event, 'plasectrxPanelname'), '$')::STRING) AS panel_name,
    acm_text(GET(XMLGET(event, 'plasectrxSourcename'), '$')::STRING) AS source_name,
    acm_text(GET(XMLGET(event, 'plasectrxSourcelocation'), '$')::STRING) AS source_location,
    acm_text(GET(XMLGET(event, 'plasectrxSourcealtname'), '$')::STRING) AS source_alt_name,
    acm_text(GET(XMLGET(event, 'plasectrxPointaddress'), '$')::STRING) AS point_address,
    acm_text(GET(XMLGET(event, 'plasectrxPointDN'), '$')::STRING) AS point_dn,
    acm_text(GET(XMLGET(event, 'plasectrxEvtypeaddress'), '$')::STRING) AS event_type_address,
    acm_text(GET(XMLGET(event, 'plasectrxSourceDN'), '$')::STRING) AS source_dn,
    acm_text(GET(XMLGET(event, 'plasectrxSourcetype'), '$')::STRING) AS source_type,
    acm_text(GET(XMLGET(event, 'plasectrxOperatorname'), '$')::STRING) AS operator_name,
    acm_text(GET(XMLGET(event, 'plasectrxPri'), '$')::STRING) AS priority,
    acm_text(GET(XMLGET(event, 'plasectrxMsg'), '$')::STRING) AS message,
    acm_text(GET(XMLGET(event, 'plasectrxIdentityDN'), '$')::STRING) AS identity_dn,
    acm_text(GET(XMLGET(event, 'plasectrxCardno'), '$')::STRING) AS card_number,
    acm_text(GET(XMLGET(event, 'plasectrxEmbossedno'), '$')::STRING) AS embossed_number,
    acm_text(GET(XMLGET(event, 'plasectrxLname'), '$')::STRING) AS last_name,
    acm_text(GET(XMLGET(event, 'plasectrxFname'), '$')::STRING) AS first_name,
    acm_text(GET(XMLGET(event, 'plasectrxMi'), '$')::STRING) AS middle_initial,
    acm_text(GET(XMLGET(event, 'plasectrxIssuelevel'), '$')::STRING) AS issue_level,
    acm_text(GET(XMLGET(event, 'plasectrxFacilityCode'), '$')::STRING) AS facility_code,
    acm_text(GET(XMLGET(event, 'plasectrxExpiredat'), '$')::STRING) AS expires_at,
    acm_text(GET(XMLGET(event, 'plasectrxActivdat'), '$')::STRING) AS activates_at,
    acm_text(GET(XMLGET(event, 'plasectrxIssuedat'), '$')::STRING) AS issued_at,
    acm_text(GET(XMLGET(event, 'plasectrxHasCamera'), '$')::STRING) AS has_camera,
    acm_text(GET(XMLGET(event, 'plasectrxHasNotes'), '$')::STRING) AS has_notes,
    acm_text(GET(XMLGET(event, 'plasectrxHasSoftTriggerSet'), '$')::STRING) AS has_soft_trigger_set,
    acm_text(GET(XMLGET(event, 'plasectrxShowVideo'), '$')::STRING) AS show_video,
    acm_text(GET(XMLGET(event, 'plasectrxSeqno'), '$')::STRING) AS sequence_number,
    acm_text(GET(XMLGET(event, 'plasectrxIsAlarm'), '$')::STRING) AS is_alarm,
    filename,
    file_row_number,
    file_last_modified,
    start_scan_time
FROM (
    SELECT *, IFF(GET(event, '@_spool')::STRING = object_spool(filename), event, NULL) AS metadata
    FROM raw_events
    WHERE object_format(filename) = 'xml' AND event IS NOT NULL
) AS loaded;
