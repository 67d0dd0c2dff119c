-- The three prefixes of the bucket as stages. Their URLs end in `/`: without it a stage would also hold what lies under
-- `xml-events-old`. Rejects lie under no stage of events, as one of them would stop the file that it stands in.
--
-- events_stage has a directory table, a list of the objects in the bucket that costs no listing: completeness compares
-- it with what was loaded (15_completeness.sql). S3 keeps it up to date (AUTO_REFRESH):
--   1. DESC STAGE shows a queue, directory_notification_channel. Snowflake has one queue for all stages and pipes of a
--      region, or few, so it most likely is that of the pipes, too (08_pipes.sql): compare them.
--   2. Let S3 send that queue ObjectCreated:* and ObjectRemoved:* of this prefix (deploy/aws/). Without ObjectRemoved,
--      objects that somebody deleted would be listed for ever, and be taken for objects that were not loaded.
--   3. Run the last statements here once more, for what came before the notification.
-- What a lifecycle rule deletes is announced by neither: S3 has LifecycleExpiration for it, which Snowflake does not
-- name among the events of directory tables. With such a rule let `ALTER STAGE events_stage REFRESH` run once a day.
-- Where the bucket's events go to an SNS topic already, which S3 requires of two receivers of one prefix, add
--   AWS_SNS_TOPIC = 'arn:aws:sns:eu-central-1:123456789012:eventspool-objects' to DIRECTORY, as in 08_pipes.sql.
-- Without any notification leave AUTO_REFRESH = FALSE, and let `ALTER STAGE events_stage REFRESH` run before each
-- check: it lists the whole prefix, which takes longer the more objects it holds. A refresh by notification is charged
-- like a file of a pipe. Decide before the first run: ALTER STAGE changes neither AUTO_REFRESH nor AWS_SNS_TOPIC.
--
-- The stages are never replaced: a pipe whose stage was made anew stands still (STOPPED_STAGE_DROPPED).
--
-- Executed: not on Snowflake. The statements are checked against what is documented by
-- tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, CREATE STAGE, ALTER STAGE, "Refresh directory tables automatically for Amazon S3",
-- "Automating Snowpipe for Amazon S3", SYSTEM$PIPE_STATUS; docs.aws.amazon.com, "Configuring S3 Lifecycle event
-- notifications".
USE ROLE eventspool_loader;
USE SCHEMA eventspool.acm;

CREATE STAGE IF NOT EXISTS events_stage
    URL = 's3://my-bucket/xml-events/'
    STORAGE_INTEGRATION = eventspool_s3
    DIRECTORY = (ENABLE = TRUE AUTO_REFRESH = TRUE);

CREATE STAGE IF NOT EXISTS rejects_stage
    URL = 's3://my-bucket/rejected/xml-events/'
    STORAGE_INTEGRATION = eventspool_s3;

CREATE STAGE IF NOT EXISTS status_stage
    URL = 's3://my-bucket/status/'
    STORAGE_INTEGRATION = eventspool_s3;

DESC STAGE events_stage;
ALTER STAGE events_stage REFRESH;

-- The objects of events as Snowflake sees them. What is not matched, such as `_check-<node>`, is never loaded.
LIST @events_stage PATTERN = '.*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.](xml|json|ndjson)([.]gz)?';
