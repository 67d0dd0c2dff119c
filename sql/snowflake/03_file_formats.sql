-- How a file becomes rows: one row for each event, whatever OUTPUT_FORMAT the uploaders have. Only what differs from
-- the defaults is set, and COMPRESSION, which finds gzip by itself, so that COMPRESSION=none and gzip may lie side by
-- side.
-- Executed: not on Snowflake. What the options do is written down once more in tests/support/sql/warehouse.py, from the
-- documentation; the statements are checked against it by tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, CREATE FILE FORMAT.
USE ROLE eventspool_loader;
USE SCHEMA eventspool.acm;

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
