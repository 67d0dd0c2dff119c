-- The 42 fields of ACM's events with types, one row for each event, in Athena. A condition on `dt` reads those days
-- alone. Athena has no functions in SQL, so what is read in one way is a map: `texts` (all that are not empty),
-- `times`, `flags`. Times are TIMESTAMP(3) in UTC: a view whose column has a time zone cannot be created, as the Glue
-- Data Catalog has no such type ("Unsupported Hive type: timestamp(3) with time zone").
-- Executed: not on Athena. tests/e2e/test_engines.py parses it as Trino's SQL, runs a translation of it on DuckDB, and
-- compares its fields with the list of them.
-- Sources: docs.aws.amazon.com, Amazon Athena User Guide, "Functions in Amazon Athena" (those of Trino), "Get the file
-- locations for source data in Amazon S3"; trino.io, "JSON functions and operators" (a cast to MAP), "Map functions and
-- operators", "Date and time functions and operators" (parse_datetime takes Joda-Time's patterns, whose Z reads both
-- `-0700` and `Z`; at_timezone); github.com, aws/aws-sdk-pandas, issue 86 (views and time zones).
-- With EVENT_METADATA, and nowhere else, an event has a `_spool` that is its object's: without it, `_id` and the others
-- are fields of the sender's own.
CREATE OR REPLACE VIEW acm.events_typed AS
WITH parsed AS (
    SELECT CAST(json_parse(event) AS MAP(VARCHAR, VARCHAR)) AS members,
           regexp_extract("$path", '-([0-9a-f]{10})-[0-9]{10,}-[0-9]{10,}[^/]*$', 1) AS spool, "$path" AS filename, dt
    FROM acm.raw_events
    WHERE regexp_like("$path", '-[0-9a-f]{10}-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]ndjson([.]gz)?$')
),
-- In JSON no text has white space around it. An empty one stands for "none".
named AS (
    SELECT map_filter(members, (name, written) -> written <> '') AS texts, spool, filename, dt
    FROM parsed
),
-- 20140610055028-0700 or 20140610125028Z; some panels print -700 for -0700. 1970 stands for "none".
converted AS (
    SELECT texts, spool, filename, dt,
           CASE WHEN element_at(texts, '_spool') = spool THEN texts END AS metadata,
           transform_values(
               map_filter(texts, (name, written) -> regexp_like(written, '^[0-9]{14}(Z|[+-][0-9]{3,4})$')),
               (name, written) -> nullif(CAST(at_timezone(try(parse_datetime(
                   CASE length(written) WHEN 18 THEN substr(written, 1, 15) || '0' || substr(written, 16)
                        ELSE written END, 'yyyyMMddHHmmssZ')), 'UTC') AS TIMESTAMP(3)),
                   TIMESTAMP '1970-01-01 00:00:00.000')) AS times,
           transform_values(
               map_filter(texts, (name, written) -> written IN ('0', '1')),
               (name, written) -> written = '1') AS flags
    FROM named
)
SELECT
    spool,
    TRY_CAST(element_at(metadata, '_id') AS BIGINT) AS id,
    CAST(at_timezone(try(from_iso8601_timestamp(element_at(metadata, '_received_at'))), 'UTC') AS TIMESTAMP(3))
        AS received_at,
    element_at(metadata, '_source') AS source_address,
    element_at(metadata, '_node') AS node,
    CAST(coalesce(regexp_extract(filename, '-r([0-9]+)[.]ndjson', 1), '1') AS INTEGER) AS repetition,
    element_at(texts, 'plasectrxGatewayDN') AS gateway_dn,
    element_at(texts, 'cn') AS cn,
    element_at(times, 'plasectrxRecdate') AS recorded_at,
    element_at(times, 'plasectrxPaneldate') AS happened_at,
    element_at(times, 'plasectrxRecdateUTC') AS recorded_at_utc,
    element_at(times, 'plasectrxPaneldateUTC') AS happened_at_utc,
    element_at(times, 'plasectrxLastacc') AS last_access_at,
    element_at(texts, 'plasectrxEvtypename') AS event_type_name,
    element_at(texts, 'plasectrxBackgroundColor') AS background_color,
    element_at(texts, 'plasectrxForegroundColor') AS foreground_color,
    element_at(texts, 'plasectrxAckBackgroundColor') AS ack_background_color,
    element_at(texts, 'plasectrxAckForegroundColor') AS ack_foreground_color,
    element_at(texts, 'plasectrxEventname') AS event_name,
    element_at(texts, 'plasectrxPanelname') AS panel_name,
    element_at(texts, 'plasectrxSourcename') AS source_name,
    element_at(texts, 'plasectrxSourcelocation') AS source_location,
    element_at(texts, 'plasectrxSourcealtname') AS source_alt_name,
    TRY_CAST(element_at(texts, 'plasectrxPointaddress') AS BIGINT) AS point_address,
    element_at(texts, 'plasectrxPointDN') AS point_dn,
    TRY_CAST(element_at(texts, 'plasectrxEvtypeaddress') AS BIGINT) AS event_type_address,
    element_at(texts, 'plasectrxSourceDN') AS source_dn,
    TRY_CAST(element_at(texts, 'plasectrxSourcetype') AS BIGINT) AS source_type,
    element_at(texts, 'plasectrxOperatorname') AS operator_name,
    TRY_CAST(element_at(texts, 'plasectrxPri') AS BIGINT) AS priority,
    element_at(texts, 'plasectrxMsg') AS message,
    element_at(texts, 'plasectrxIdentityDN') AS identity_dn,
    element_at(texts, 'plasectrxCardno') AS card_number,
    element_at(texts, 'plasectrxEmbossedno') AS embossed_number,
    element_at(texts, 'plasectrxLname') AS last_name,
    element_at(texts, 'plasectrxFname') AS first_name,
    element_at(texts, 'plasectrxMi') AS middle_initial,
    TRY_CAST(element_at(texts, 'plasectrxIssuelevel') AS BIGINT) AS issue_level,
    element_at(texts, 'plasectrxFacilityCode') AS facility_code,
    element_at(times, 'plasectrxExpiredat') AS expires_at,
    element_at(times, 'plasectrxActivdat') AS activates_at,
    element_at(times, 'plasectrxIssuedat') AS issued_at,
    element_at(flags, 'plasectrxHasCamera') AS has_camera,
    element_at(flags, 'plasectrxHasNotes') AS has_notes,
    element_at(flags, 'plasectrxHasSoftTriggerSet') AS has_soft_trigger_set,
    element_at(flags, 'plasectrxShowVideo') AS show_video,
    TRY_CAST(element_at(texts, 'plasectrxSeqno') AS BIGINT) AS sequence_number,
    element_at(flags, 'plasectrxIsAlarm') AS is_alarm,
    filename,
    dt
FROM converted;
