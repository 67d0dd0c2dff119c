-- Loading by itself: S3 sends a notification of each new object to a queue of Snowflake's, and a pipe loads the object.
-- Run 07_copy.sql once before, for what lies in the bucket already; the REFRESH at the end takes what came in between.
--   1. Make the SNS topic for errors, run this file as far as DESC INTEGRATION, and make the role that publishes to the
--      topic with SF_AWS_IAM_USER_ARN and SF_AWS_EXTERNAL_ID, which it shows (deploy/aws/README.md, "Error messages"):
--      a user and an external id of its own, not those of 02_storage_integration.sql.
--   2. Run the rest. SHOW PIPES shows the queue, notification_channel.
--   3. Let S3 announce objects to that queue (deploy/aws/README.md, "Notifications"), then run the REFRESHes again.
--
-- The pipe of your OUTPUT_FORMAT is the one that you need. The others do no harm: each takes its own extension alone,
-- so no object is loaded twice, and all are there on the day on which OUTPUT_FORMAT is changed.
--
-- Where notifications of this prefix go to another receiver already, S3 refuses a second one. Then let the bucket
-- notify an SNS topic to which both receivers subscribe, and add to each pipe, behind AUTO_INGEST,
--   AWS_SNS_TOPIC = 'arn:aws:sns:eu-central-1:123456789012:eventspool-objects'
-- after SELECT SYSTEM$GET_AWS_SNS_IAM_POLICY('arn:aws:sns:eu-central-1:123456789012:eventspool-objects') has shown what
-- the topic's policy must allow. It cannot be added later: such a pipe has to be made anew.
--
-- What a pipe remembers. It knows for 14 days which files it has loaded, by name alone: an object of a known name is
-- never loaded again in that time, whatever is in it. No two objects of eventspool share a name. A pipe that is made
-- anew (CREATE OR REPLACE, DROP) has forgotten everything, and REFRESH would load the last 7 days again. So: pause,
-- make anew, and no REFRESH.
--
-- ALTER PIPE ... REFRESH queues what came into the bucket in the last 7 days and was loaded neither by this pipe nor by
-- COPY. It is for repairs. What is older is loaded by COPY with FILES.
--
-- A paused pipe goes on receiving notifications and keeps each for 14 days; what came while it was paused is loaded
-- when it is resumed. After more than 14 days it is stale: it is resumed by
--   SELECT SYSTEM$PIPE_FORCE_RESUME('eventspool.acm.events_ndjson_pipe', 'staleness_check_override'),
-- and notifications that are older than 14 days are as good as lost. Completeness shows these objects ("in the bucket,
-- not loaded"), and COPY with FILES loads them.
--
-- From COPY to pipes: the order above. From pipes to COPY: pause the pipe, wait until pendingFileCount is 0, drop it.
-- COPY knows nothing of what the pipe loaded. Either load only what 15_completeness.sql names, by FILES, or, while all
-- objects are still in the bucket, TRUNCATE raw_events and raw_rejects and load everything anew.
--
-- Names are complete, because a pipe's COPY runs in no session of yours. ON_ERROR: a pipe knows no ABORT_STATEMENT.
--
-- Executed: not on Snowflake, nor on AWS. The statements are checked against what is documented, and the patterns tried
-- on keys, by tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, CREATE PIPE, ALTER PIPE, "Snowpipe", "Automating Snowpipe for Amazon S3", "Managing
-- Snowpipe", "Enabling Snowpipe error notifications for Amazon SNS", SYSTEM$PIPE_STATUS, COPY_HISTORY,
-- "PIPE_USAGE_HISTORY view".

-- Who is notified when an object could not be loaded. Only for Snowflake accounts on AWS; the topic is a standard one,
-- not FIFO. Without it, leave ERROR_INTEGRATION out of the pipes: the task in 16_check_completeness.sql names such
-- objects as well, later.
USE ROLE ACCOUNTADMIN;
CREATE NOTIFICATION INTEGRATION IF NOT EXISTS eventspool_errors
    TYPE = QUEUE
    ENABLED = TRUE
    DIRECTION = OUTBOUND
    NOTIFICATION_PROVIDER = AWS_SNS
    AWS_SNS_TOPIC_ARN = 'arn:aws:sns:eu-central-1:123456789012:eventspool-errors'
    AWS_SNS_ROLE_ARN = 'arn:aws:iam::123456789012:role/eventspool-errors';
GRANT USAGE ON INTEGRATION eventspool_errors TO ROLE eventspool_loader;
DESC INTEGRATION eventspool_errors;

USE ROLE eventspool_loader;
USE WAREHOUSE eventspool_wh;
USE SCHEMA eventspool.acm;

CREATE PIPE IF NOT EXISTS events_xml_pipe
    AUTO_INGEST = TRUE
    ERROR_INTEGRATION = eventspool_errors
AS
COPY INTO eventspool.acm.raw_events
    (event, filename, file_row_number, file_content_key, file_last_modified, start_scan_time)
FROM (
    SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED,
        METADATA$START_SCAN_TIME
    FROM @eventspool.acm.events_stage
)
PATTERN = '.*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]xml([.]gz)?'
FILE_FORMAT = (FORMAT_NAME = 'eventspool.acm.events_xml_format')
ON_ERROR = SKIP_FILE;

CREATE PIPE IF NOT EXISTS events_json_pipe
    AUTO_INGEST = TRUE
    ERROR_INTEGRATION = eventspool_errors
AS
COPY INTO eventspool.acm.raw_events
    (event, filename, file_row_number, file_content_key, file_last_modified, start_scan_time)
FROM (
    SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED,
        METADATA$START_SCAN_TIME
    FROM @eventspool.acm.events_stage
)
PATTERN = '.*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]json([.]gz)?'
FILE_FORMAT = (FORMAT_NAME = 'eventspool.acm.events_json_format')
ON_ERROR = SKIP_FILE;

CREATE PIPE IF NOT EXISTS events_ndjson_pipe
    AUTO_INGEST = TRUE
    ERROR_INTEGRATION = eventspool_errors
AS
COPY INTO eventspool.acm.raw_events
    (event, filename, file_row_number, file_content_key, file_last_modified, start_scan_time)
FROM (
    SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED,
        METADATA$START_SCAN_TIME
    FROM @eventspool.acm.events_stage
)
PATTERN = '.*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]ndjson([.]gz)?'
FILE_FORMAT = (FORMAT_NAME = 'eventspool.acm.events_ndjson_format')
ON_ERROR = SKIP_FILE;

CREATE PIPE IF NOT EXISTS rejects_pipe
    AUTO_INGEST = TRUE
    ERROR_INTEGRATION = eventspool_errors
AS
COPY INTO eventspool.acm.raw_rejects
    (reject, filename, file_row_number, file_content_key, file_last_modified, start_scan_time)
FROM (
    SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED,
        METADATA$START_SCAN_TIME
    FROM @eventspool.acm.rejects_stage
)
PATTERN = '.*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]ndjson([.]gz)?'
FILE_FORMAT = (FORMAT_NAME = 'eventspool.acm.events_ndjson_format')
ON_ERROR = SKIP_FILE;

SHOW PIPES IN SCHEMA eventspool.acm;

-- What came between 07_copy.sql, or the pipe, and the bucket's notification.
ALTER PIPE events_xml_pipe REFRESH;
ALTER PIPE events_json_pipe REFRESH;
ALTER PIPE events_ndjson_pipe REFRESH;
ALTER PIPE rejects_pipe REFRESH;

-- Is it loading? executionState is RUNNING; pendingFileCount goes back to 0; lastReceivedMessageTimestamp stays behind
-- by no more than the bucket is quiet; lastForwardedMessageTimestamp is missing if notifications come and none is for
-- the prefix of this pipe.
SELECT SYSTEM$PIPE_STATUS('eventspool.acm.events_xml_pipe');
SELECT SYSTEM$PIPE_STATUS('eventspool.acm.events_json_pipe');
SELECT SYSTEM$PIPE_STATUS('eventspool.acm.events_ndjson_pipe');
SELECT SYSTEM$PIPE_STATUS('eventspool.acm.rejects_pipe');

-- Which objects were not loaded, and why. For those that were, and for raw_events by hand: 07_copy.sql.
SELECT file_name, status, first_error_message, first_error_line_number, last_load_time, pipe_name
FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'RAW_EVENTS',
    START_TIME => DATEADD(DAY, -13, CURRENT_TIMESTAMP())))
WHERE status <> 'Loaded'
ORDER BY last_load_time DESC;

-- What it costs, by day, with some hours' delay, and for how many bytes. It is an account's figure, so ACCOUNTADMIN
-- asks. A NULL pipe is the directory table.
USE ROLE ACCOUNTADMIN;
SELECT DATE_TRUNC('DAY', start_time) AS day, pipe_name, SUM(credits_used) AS credits, SUM(bytes_billed) AS bytes
FROM SNOWFLAKE.ACCOUNT_USAGE.PIPE_USAGE_HISTORY
WHERE start_time > DATEADD(DAY, -30, CURRENT_TIMESTAMP())
GROUP BY day, pipe_name
ORDER BY day DESC, pipe_name;
USE ROLE eventspool_loader;
