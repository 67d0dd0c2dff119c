-- The first answer in ten minutes, without AWS: sample events of made-up people, in a database of its own; the last
-- lines drop it again. Paste this file into a worksheet of Snowsight as a whole.
--   1. Run everything down to "Now upload".
--   2. Upload the files of sql/snowflake/samples/ to the stage, as it says there.
--   3. Run the rest, statement by statement.
-- It takes a user with SYSADMIN, as the one who opens a trial account is. Everything runs in one session.
--
-- `make worksheet` writes this file from sql/snowflake/worksheet/ and from the numbered files, which are for a bucket
-- of your own (docs/snowflake.md). Change it there.
--
-- Executed: not on Snowflake. Its tables, functions, views and SELECTs are translated and run on DuckDB, with the
-- samples loaded, by tests/e2e/test_snowflake_worksheet.py.
-- Sources: docs.snowflake.com, CREATE STAGE, PUT, "Staging data files from a local file system", and those of each
-- part.
USE ROLE SYSADMIN;
CREATE WAREHOUSE IF NOT EXISTS eventspool_trial_wh
    WAREHOUSE_SIZE = XSMALL
    AUTO_SUSPEND = 60
    INITIALLY_SUSPENDED = TRUE;
USE WAREHOUSE eventspool_trial_wh;
CREATE DATABASE IF NOT EXISTS eventspool_trial;
CREATE SCHEMA IF NOT EXISTS eventspool_trial.acm;
USE SCHEMA eventspool_trial.acm;

-- A stage inside Snowflake in the place of the bucket. It has the name of the bucket's stage, so that the COPY below is
-- the one of 07_copy.sql.
CREATE STAGE IF NOT EXISTS events_stage;

-- From 03_file_formats.sql.
-- How a file becomes rows: one row for each event, whatever OUTPUT_FORMAT the uploaders have. Only what differs from
-- the defaults is set, and COMPRESSION, which finds gzip by itself, so that COMPRESSION=none and gzip may lie side by
-- side.
-- Executed: not on Snowflake. What the options do is written down once more in tests/support/sql/warehouse.py, from the
-- documentation; the statements are checked against it by tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, CREATE FILE FORMAT.

-- OUTPUT_FORMAT=xml. Without STRIP_OUTER_ELEMENT the whole file is one row. Without DISABLE_AUTO_CONVERT a text that
-- looks like a number becomes one: the cn `22257e111` would be 2.2257e+115. White space around a text is dropped, as it
-- is in JSON (PRESERVE_SPACE is FALSE).
CREATE FILE FORMAT IF NOT EXISTS events_xml_format
    TYPE = XML
    COMPRESSION = AUTO
    STRIP_OUTER_ELEMENT = TRUE
    DISABLE_AUTO_CONVERT = TRUE;

-- OUTPUT_FORMAT=json, pretty or not. Without STRIP_OUTER_ARRAY the whole file is one row.
CREATE FILE FORMAT IF NOT EXISTS events_json_format
    TYPE = JSON
    COMPRESSION = AUTO
    STRIP_OUTER_ARRAY = TRUE;

-- OUTPUT_FORMAT=ndjson, and rejects always.
CREATE FILE FORMAT IF NOT EXISTS events_ndjson_format
    TYPE = JSON
    COMPRESSION = AUTO;

-- Status documents: one document a file, whose arrays stay as they are.
CREATE FILE FORMAT IF NOT EXISTS status_format
    TYPE = JSON
    COMPRESSION = AUTO;

-- From 05_tables.sql.
-- The tables: what is loaded, as it is in the objects, one row for each event, reject or status document, with the
-- columns that Snowflake adds to each row of a file (METADATA$...). Nothing is cast here: a failed cast in COPY would
-- cost the file.
-- Executed: not on Snowflake. The statements are translated and run on DuckDB (tests/support/sql/warehouse.py).
-- Sources: docs.snowflake.com, "Querying metadata for staged files" and "Semi-structured data types".

-- One row for each event of each object, whatever its format. `event` is NULL where a deletion request was carried out
-- (docs/snowflake.md): the row stays, so that completeness can still count it.
CREATE TABLE IF NOT EXISTS raw_events (
    event              VARIANT,
    filename           VARCHAR       NOT NULL, -- METADATA$FILENAME: the object's key
    file_row_number    NUMBER        NOT NULL, -- METADATA$FILE_ROW_NUMBER: 1 is the first event of the object
    file_content_key   VARCHAR,                -- METADATA$FILE_CONTENT_KEY
    file_last_modified TIMESTAMP_NTZ,          -- METADATA$FILE_LAST_MODIFIED: when it came into the bucket, UTC
    start_scan_time    TIMESTAMP_LTZ           -- METADATA$START_SCAN_TIME: when it was loaded
);

-- One row for each reject: what came and is no event.
CREATE TABLE IF NOT EXISTS raw_rejects (
    reject             VARIANT,
    filename           VARCHAR       NOT NULL,
    file_row_number    NUMBER        NOT NULL,
    file_content_key   VARCHAR,
    file_last_modified TIMESTAMP_NTZ,
    start_scan_time    TIMESTAMP_LTZ
);

-- One row for each version of each status document (STATUS_PREFIX) that was seen. Each overwrites the one before it
-- under the same key, so they are loaded by COPY, which knows a file by its name and its ETag, and never by a pipe,
-- which knows it by its name alone.
CREATE TABLE IF NOT EXISTS status_documents (
    document           VARIANT,
    filename           VARCHAR       NOT NULL,
    file_last_modified TIMESTAMP_NTZ NOT NULL,
    start_scan_time    TIMESTAMP_LTZ
);

-- From which id on a spool has to be complete: for spools whose earlier rows were deleted from raw_events. Without a
-- row that is the first id that the spool's status document names, or 1.
CREATE TABLE IF NOT EXISTS completeness_starts (
    spool    VARCHAR NOT NULL,
    first_id NUMBER  NOT NULL
);

-- From 06_functions.sql.
-- What an object's name says (docs/reference-objects.md, "Keys"), and how ACM writes times, numbers and flags, and
-- eventspool its own times.
-- Executed: not on Snowflake. The bodies are translated and run on DuckDB by tests/e2e/test_snowflake_views.py.
-- Sources: docs.snowflake.com, REGEXP_SUBSTR, SPLIT_PART, TO_TIMESTAMP / TRY_TO_TIMESTAMP, "Date and time input and
-- output formats", "Introduction to SQL UDFs".

-- The last part of a path. METADATA$FILENAME begins at the bucket, RELATIVE_PATH of a directory table at the stage; no
-- two objects share this part.
CREATE OR REPLACE FUNCTION object_name(path VARCHAR) RETURNS VARCHAR AS
$$ REGEXP_SUBSTR(path, '[^/]+$') $$;

-- Spool, first and last id, as `7f3a9c21d4-0000000001-0000000016`; NULL, as the three, if the path is no object's.
CREATE OR REPLACE FUNCTION object_ids(path VARCHAR) RETURNS VARCHAR AS
$$
    REGEXP_SUBSTR(path, '-([0-9a-f]{10}-[0-9]{10,}-[0-9]{10,})(-r[0-9]+)?[.](xml|json|ndjson)([.]gz)?$', 1, 1, 'e', 1)
$$;

-- The ten hex digits that name the spool.
CREATE OR REPLACE FUNCTION object_spool(path VARCHAR) RETURNS VARCHAR AS
$$ SPLIT_PART(object_ids(path), '-', 1) $$;

CREATE OR REPLACE FUNCTION object_first_id(path VARCHAR) RETURNS NUMBER AS
$$ TRY_TO_NUMBER(SPLIT_PART(object_ids(path), '-', 2)) $$;

CREATE OR REPLACE FUNCTION object_last_id(path VARCHAR) RETURNS NUMBER AS
$$ TRY_TO_NUMBER(SPLIT_PART(object_ids(path), '-', 3)) $$;

-- N of `-rN`, and 1 without it: for each id the object with the highest one counts.
CREATE OR REPLACE FUNCTION object_repetition(path VARCHAR) RETURNS NUMBER AS
$$ TRY_TO_NUMBER(COALESCE(REGEXP_SUBSTR(path, '-r([0-9]+)[.](xml|json|ndjson)([.]gz)?$', 1, 1, 'e', 1), '1')) $$;

-- xml, json or ndjson.
CREATE OR REPLACE FUNCTION object_format(path VARCHAR) RETURNS VARCHAR AS
$$ REGEXP_SUBSTR(path, '[.](xml|json|ndjson)([.]gz)?$', 1, 1, 'e', 1) $$;

-- An element's text without the white space around it; NULL if it is empty or missing.
CREATE OR REPLACE FUNCTION acm_text(written VARCHAR) RETURNS VARCHAR AS
$$ NULLIF(TRIM(written, ' \t\r\n'), '') $$;

-- Some panels print an offset of three digits, such as -700 for -0700.
CREATE OR REPLACE FUNCTION acm_offset(written VARCHAR) RETURNS VARCHAR AS
$$ IFF(REGEXP_LIKE(written, '[0-9]{14}[+-][0-9]{3}'), LEFT(written, 15) || '0' || RIGHT(written, 3), written) $$;

-- 20140610055028-0700 or 20140610125028Z: the format is written out, as a cast would go by the session's settings. The
-- digits are counted first, as a format also takes fewer of them than it has letters: 2014061005502-0700 would be a
-- time. 1970 stands for "none". What is no time is NULL.
CREATE OR REPLACE FUNCTION acm_time(written VARCHAR) RETURNS TIMESTAMP_TZ AS
$$
    NULLIF(TRY_TO_TIMESTAMP_TZ(
               REGEXP_SUBSTR(REPLACE(acm_offset(acm_text(written)), 'Z', '+0000'), '^[0-9]{14}[+-][0-9]{4}$'),
               'YYYYMMDDHH24MISSTZHTZM'),
           TO_TIMESTAMP_TZ('19700101000000+0000', 'YYYYMMDDHH24MISSTZHTZM'))
$$;

-- A time that eventspool itself has written, such as 2026-11-21T23:34:55.711Z.
CREATE OR REPLACE FUNCTION spool_time(written VARCHAR) RETURNS TIMESTAMP_TZ AS
$$ TRY_TO_TIMESTAMP_TZ(REPLACE(written, 'Z', '+00:00'), 'YYYY-MM-DD"T"HH24:MI:SS.FF3TZH:TZM') $$;

-- ` 750` and ` -1`. What is no number is NULL.
CREATE OR REPLACE FUNCTION acm_number(written VARCHAR) RETURNS NUMBER AS
$$ TRY_TO_NUMBER(acm_text(written)) $$;

-- 0 and 1.
CREATE OR REPLACE FUNCTION acm_flag(written VARCHAR) RETURNS BOOLEAN AS
$$ CASE acm_text(written) WHEN '1' THEN TRUE WHEN '0' THEN FALSE END $$;

-- From 09_fields.sql.
-- The fields of each event as text, one view for what came as JSON or NDJSON and one for what came as XML, with the
-- same columns in the same order. Text is trimmed, and what is empty or missing is NULL. 10_events.sql gives the fields
-- their types.
-- Executed: not on Snowflake. Translated and run on DuckDB by tests/e2e/test_snowflake_views.py, on objects of the real
-- uploader. XML was read by Python's ElementTree into the form that the page of XMLGET describes: how Snowflake itself
-- reads XML, and that it numbers the events of an XML object by FILE_ROW_NUMBER from 1 on, was not seen.
-- Sources: docs.snowflake.com, "Querying semi-structured data", XMLGET, GET, "Querying metadata for staged files".

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

-- From 10_events.sql.
-- The events, typed, and each one once. `events` is what people ask; see docs/snowflake.md for what each column means.
-- Executed: not on Snowflake. Translated and run on DuckDB by tests/e2e/test_snowflake_views.py.
-- Sources: docs.snowflake.com, QUALIFY, MAX and ROW_NUMBER as window functions; docs/reference-objects.md, "Keys".

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

-- Now upload the three files of sql/snowflake/samples/ to the stage EVENTSPOOL_TRIAL.ACM.EVENTS_STAGE:
--   * in Snowsight: Ingestion (or Data), Add Data, Load files into a Stage; choose the files, the database
--     EVENTSPOOL_TRIAL, the schema ACM and the stage; Upload;
--   * or from a checkout with Snowflake CLI or SnowSQL, as a worksheet cannot reach your disk:
--     PUT file:///path/to/sql/snowflake/samples/* @eventspool_trial.acm.events_stage AUTO_COMPRESS = FALSE;
-- Then this lists three files.
LIST @events_stage;

-- Load them: 16 rows each. Run it twice, and the second time nothing is loaded: COPY remembers files.
COPY INTO raw_events (event, filename, file_row_number, file_content_key, file_last_modified, start_scan_time)
FROM (
    SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED,
        METADATA$START_SCAN_TIME
    FROM @events_stage
)
PATTERN = '.*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]xml([.]gz)?'
FILE_FORMAT = (FORMAT_NAME = 'events_xml_format')
ON_ERROR = SKIP_FILE;

COPY INTO raw_events (event, filename, file_row_number, file_content_key, file_last_modified, start_scan_time)
FROM (
    SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED,
        METADATA$START_SCAN_TIME
    FROM @events_stage
)
PATTERN = '.*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]json([.]gz)?'
FILE_FORMAT = (FORMAT_NAME = 'events_json_format')
ON_ERROR = SKIP_FILE;

COPY INTO raw_events (event, filename, file_row_number, file_content_key, file_last_modified, start_scan_time)
FROM (
    SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED,
        METADATA$START_SCAN_TIME
    FROM @events_stage
)
PATTERN = '.*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]ndjson([.]gz)?'
FILE_FORMAT = (FORMAT_NAME = 'events_ndjson_format')
ON_ERROR = SKIP_FILE;


-- From questions/list_event_names.sql.
-- Which events does this site have? Administrators rename and translate event types and event names; the numbers stay.
-- Look here for the names and numbers that the other questions take as their parameters.
-- Parameters: none.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, LISTAGG.
SELECT
    event_type_address,
    LISTAGG(DISTINCT event_type_name, ' | ') AS event_type_names,
    point_address,
    LISTAGG(DISTINCT event_name, ' | ') AS event_names,
    COUNT(*) AS event_count,
    COUNT(CASE WHEN is_alarm THEN 1 END) AS alarm_count,
    MAX(happened_at_utc) AS last_happened_at
FROM events
GROUP BY event_type_address, point_address
ORDER BY event_count DESC, event_type_address, point_address;

-- So which doors were forced or held open, how often, and when last? 302 and 303 are the numbers of acmsim, the
-- simulator: yours will be in the answer to the question before.
SELECT source_name, COUNT(*) AS times, MAX(happened_at_utc) AS last_happened_at
FROM events
WHERE point_address IN (302, 303)
GROUP BY source_name
ORDER BY times DESC, source_name;

-- And is anything missing? Each row is an object, whose name says how many events it holds.
SELECT
    object_name(filename) AS object_key,
    object_last_id(filename) - object_first_id(filename) + 1 AS promised,
    COUNT(*) AS loaded
FROM raw_events
GROUP BY filename
ORDER BY object_first_id(filename);

-- More questions: sql/snowflake/questions/. Those that ask for the last days find nothing here, as the samples are of
-- August 2025. When you have seen enough, remove the `--`:
-- DROP DATABASE eventspool_trial;
-- DROP WAREHOUSE eventspool_trial_wh;
