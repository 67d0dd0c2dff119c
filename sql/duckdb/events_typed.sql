-- The 42 fields of ACM's events with types, in DuckDB, straight from objects in JSON or NDJSON, compressed or not. Say
-- where the objects are first: SET VARIABLE objects = 's3://my-bucket/xml-events', without a slash at its end. The
-- views of sql/engines/ come after this file.
-- Executed: on DuckDB 1.5.6 by tests/e2e/test_engines.py, on files; not on S3.
-- Sources: duckdb.org, "Loading JSON", "JSON Processing Functions", "CREATE MACRO Statement", "Date Formats", "File
-- Globbing" in "Pattern Matching".
CREATE SCHEMA IF NOT EXISTS acm;

-- One row for each event, as it is in the object. Only names of objects begin with a digit, so the check document is
-- left out. Nothing but text is made of anything here: read_json would make dates, times and UUIDs of what looks so
-- where it samples.
CREATE OR REPLACE VIEW acm.raw_events AS
SELECT json AS event, filename
FROM read_json_objects(getvariable('objects') || '/**/[0-9]*_[0-9]*-*-*-*.*json*', format = 'auto',
                       filename = true, hive_partitioning = false);

-- What a name says: 1 is the spool, 2 the first id, 3 the last id, 5 the N of `-rN`. NULL if the path is no object's.
CREATE OR REPLACE MACRO acm.object_part(path, part) AS
    nullif(regexp_extract(
        path, '-([0-9a-f]{10})-([0-9]{10,})-([0-9]{10,})(-r([0-9]+))?[.](xml|json|ndjson)([.]gz)?$', part), '');

-- Some panels print an offset of three digits, such as -700 for -0700.
CREATE OR REPLACE MACRO acm.acm_offset(written) AS
    CASE WHEN regexp_full_match(written, '[0-9]{14}[+-][0-9]{3}') THEN left(written, 15) || '0' || right(written, 3)
         ELSE replace(written, 'Z', '+0000') END;

-- 20140610055028-0700 or 20140610125028Z. 1970 stands for "none". What is no time is NULL.
CREATE OR REPLACE MACRO acm.acm_time(written) AS
    nullif(CASE WHEN regexp_full_match(acm.acm_offset(written), '[0-9]{14}[+-][0-9]{4}')
                THEN try_strptime(acm.acm_offset(written), '%Y%m%d%H%M%S%z') END, TIMESTAMPTZ '1970-01-01 00:00:00+00');

-- In JSON no text has white space around it. An empty one stands for "none".
CREATE OR REPLACE MACRO acm.acm_text(written) AS nullif(written, '');
-- A cast alone would also take 0x10 and 1_000.
CREATE OR REPLACE MACRO acm.acm_number(written) AS
    CASE WHEN regexp_full_match(written, '[+-]?[0-9]+([.][0-9]+)?') THEN TRY_CAST(written AS BIGINT) END;
CREATE OR REPLACE MACRO acm.acm_flag(written) AS CASE written WHEN '1' THEN TRUE WHEN '0' THEN FALSE END;

-- With EVENT_METADATA, and nowhere else, an event has a `_spool` that is its object's: without it, `_id` and the others
-- are fields of the sender's own.
CREATE OR REPLACE VIEW acm.events_typed AS
SELECT
    acm.object_part(filename, 1) AS spool,
    TRY_CAST(metadata ->> '_id' AS BIGINT) AS id,
    TRY_CAST(metadata ->> '_received_at' AS TIMESTAMPTZ) AS received_at,
    metadata ->> '_source' AS source_address,
    metadata ->> '_node' AS node,
    CAST(coalesce(acm.object_part(filename, 5), '1') AS INTEGER) AS repetition,
    acm.acm_text(event ->> 'plasectrxGatewayDN') AS gateway_dn,
    acm.acm_text(event ->> 'cn') AS cn,
    acm.acm_time(event ->> 'plasectrxRecdate') AS recorded_at,
    acm.acm_time(event ->> 'plasectrxPaneldate') AS happened_at,
    acm.acm_time(event ->> 'plasectrxRecdateUTC') AS recorded_at_utc,
    acm.acm_time(event ->> 'plasectrxPaneldateUTC') AS happened_at_utc,
    acm.acm_time(event ->> 'plasectrxLastacc') AS last_access_at,
    acm.acm_text(event ->> 'plasectrxEvtypename') AS event_type_name,
    acm.acm_text(event ->> 'plasectrxBackgroundColor') AS background_color,
    acm.acm_text(event ->> 'plasectrxForegroundColor') AS foreground_color,
    acm.acm_text(event ->> 'plasectrxAckBackgroundColor') AS ack_background_color,
    acm.acm_text(event ->> 'plasectrxAckForegroundColor') AS ack_foreground_color,
    acm.acm_text(event ->> 'plasectrxEventname') AS event_name,
    acm.acm_text(event ->> 'plasectrxPanelname') AS panel_name,
    acm.acm_text(event ->> 'plasectrxSourcename') AS source_name,
    acm.acm_text(event ->> 'plasectrxSourcelocation') AS source_location,
    acm.acm_text(event ->> 'plasectrxSourcealtname') AS source_alt_name,
    acm.acm_number(event ->> 'plasectrxPointaddress') AS point_address,
    acm.acm_text(event ->> 'plasectrxPointDN') AS point_dn,
    acm.acm_number(event ->> 'plasectrxEvtypeaddress') AS event_type_address,
    acm.acm_text(event ->> 'plasectrxSourceDN') AS source_dn,
    acm.acm_number(event ->> 'plasectrxSourcetype') AS source_type,
    acm.acm_text(event ->> 'plasectrxOperatorname') AS operator_name,
    acm.acm_number(event ->> 'plasectrxPri') AS priority,
    acm.acm_text(event ->> 'plasectrxMsg') AS message,
    acm.acm_text(event ->> 'plasectrxIdentityDN') AS identity_dn,
    acm.acm_text(event ->> 'plasectrxCardno') AS card_number,
    acm.acm_text(event ->> 'plasectrxEmbossedno') AS embossed_number,
    acm.acm_text(event ->> 'plasectrxLname') AS last_name,
    acm.acm_text(event ->> 'plasectrxFname') AS first_name,
    acm.acm_text(event ->> 'plasectrxMi') AS middle_initial,
    acm.acm_number(event ->> 'plasectrxIssuelevel') AS issue_level,
    acm.acm_text(event ->> 'plasectrxFacilityCode') AS facility_code,
    acm.acm_time(event ->> 'plasectrxExpiredat') AS expires_at,
    acm.acm_time(event ->> 'plasectrxActivdat') AS activates_at,
    acm.acm_time(event ->> 'plasectrxIssuedat') AS issued_at,
    acm.acm_flag(event ->> 'plasectrxHasCamera') AS has_camera,
    acm.acm_flag(event ->> 'plasectrxHasNotes') AS has_notes,
    acm.acm_flag(event ->> 'plasectrxHasSoftTriggerSet') AS has_soft_trigger_set,
    acm.acm_flag(event ->> 'plasectrxShowVideo') AS show_video,
    acm.acm_number(event ->> 'plasectrxSeqno') AS sequence_number,
    acm.acm_flag(event ->> 'plasectrxIsAlarm') AS is_alarm,
    filename
FROM (
    SELECT *, CASE WHEN event ->> '_spool' = acm.object_part(filename, 1) THEN event END AS metadata
    FROM acm.raw_events
) AS loaded;

-- The objects that there are, of XML as well, by their names alone.
CREATE OR REPLACE VIEW acm.objects AS
SELECT acm.object_part(file, 1) AS spool, CAST(acm.object_part(file, 2) AS BIGINT) AS first_id,
       CAST(acm.object_part(file, 3) AS BIGINT) AS last_id, file AS filename
FROM glob(getvariable('objects') || '/**/[0-9]*_[0-9]*-*-*-*.*')
WHERE acm.object_part(file, 1) IS NOT NULL;
