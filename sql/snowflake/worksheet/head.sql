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
