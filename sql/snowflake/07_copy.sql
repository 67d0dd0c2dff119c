-- Loading by hand. Either this is how you load, and is run again and again, or it is run once, before 08_pipes.sql, for
-- the objects that lie in the bucket already. Never load the same objects in both ways: COPY does not know what a pipe
-- has loaded, and loads it again. From one to the other: 08_pipes.sql.
--
-- What COPY remembers. The table knows for 64 days which files were loaded into it, by name and ETag: running this
-- again loads what is new. An object that is older than 64 days, into a table whose first load is older than that, is
-- of unknown state and passed over. LOAD_UNCERTAIN_FILES = TRUE would load such objects, and FORCE = TRUE all of them,
-- loaded before or not. Neither stands here, as both load events twice: name the missing objects (15_completeness.sql)
-- by FILES = ('...') in place of PATTERN. TRUNCATE forgets what was loaded, and DELETE does not.
--
-- ON_ERROR = SKIP_FILE, as pipes have it: an object is loaded whole or not at all, and one that cannot be loaded stands
-- in COPY_HISTORY and is tried again by the next COPY. With ABORT_STATEMENT, COPY's default, it would keep all other
-- objects out as well, and leave no trace in COPY_HISTORY. With CONTINUE half an object would count as loaded.
--
-- VALIDATION_MODE and the function VALIDATE know no COPY with a SELECT, so neither helps here: the SELECT at the end
-- shows what went wrong. To look into one object without loading it:
--   SELECT $1 FROM @events_stage/<object> (FILE_FORMAT => 'events_xml_format') LIMIT 10;
--
-- PATTERN: COPY compares it with the whole path from the bucket on, a pipe with what follows the stage's URL. It begins
-- with `.*`, so it means the same to both. Each format takes its own extension alone, so a bucket in which
-- OUTPUT_FORMAT was changed is loaded with all three.
--
-- Executed: not on Snowflake. The statements are checked against what is documented, and the patterns tried on keys, by
-- tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, COPY INTO <table>, "Querying metadata for staged files", "Loading data" (Load metadata,
-- Loading older files), TRUNCATE TABLE, COPY_HISTORY.
USE ROLE eventspool_loader;
USE WAREHOUSE eventspool_wh;
USE SCHEMA eventspool.acm;

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

COPY INTO raw_rejects (reject, filename, file_row_number, file_content_key, file_last_modified, start_scan_time)
FROM (
    SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED,
        METADATA$START_SCAN_TIME
    FROM @rejects_stage
)
PATTERN = '.*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]ndjson([.]gz)?'
FILE_FORMAT = (FORMAT_NAME = 'events_ndjson_format')
ON_ERROR = SKIP_FILE;

-- What was loaded in the last 13 days, by COPY or by a pipe, what failed first. The function knows 14 days, and
-- SNOWFLAKE.ACCOUNT_USAGE.COPY_HISTORY a year.
SELECT file_name, status, row_count, first_error_message, first_error_line_number, last_load_time, pipe_name
FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'RAW_EVENTS',
    START_TIME => DATEADD(DAY, -13, CURRENT_TIMESTAMP())))
ORDER BY status = 'Loaded', last_load_time DESC;
