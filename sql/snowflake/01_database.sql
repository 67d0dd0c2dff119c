-- The database, its schema, a warehouse for questions, COPY and tasks, and the three roles:
--   eventspool_loader    makes and owns everything in the schema, and so reads everything in it;
--   eventspool_reader    asks questions of views in which no cardholder is named, but operators are (17_privacy.sql);
--   eventspool_personal  also sees names, card numbers and rejects.
--
-- The files are run in the order of their numbers, each as a whole, by a user who has ACCOUNTADMIN, SYSADMIN and
-- USERADMIN: USERADMIN makes roles, SYSADMIN the database and the warehouse, ACCOUNTADMIN integrations (02, 08, 16) and
-- one grant here, and eventspool_loader all the rest. Each file ends as eventspool_loader, so all may be run in one
-- session. A file that names no role is run as eventspool_loader.
--
-- Before the first run, put your own bucket, AWS account, region and address for alerts into all files:
--   sed -i 's/my-bucket/BUCKET/g; s/123456789012/ACCOUNT/g; s/eu-central-1/REGION/g; s/oncall@example.com/MAIL/g' *.sql
--
-- Executed: not on Snowflake. The statements are checked against what is documented by
-- tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, "Overview of Access Control", "Access control privileges", CREATE ROLE, GRANT
-- <privileges>, CREATE WAREHOUSE.
USE ROLE USERADMIN;
CREATE ROLE IF NOT EXISTS eventspool_loader;
CREATE ROLE IF NOT EXISTS eventspool_reader;
CREATE ROLE IF NOT EXISTS eventspool_personal;

-- Whoever has SYSADMIN has the loader's rights and the reader's. eventspool_personal is granted to persons, by name.
GRANT ROLE eventspool_loader TO ROLE SYSADMIN;
GRANT ROLE eventspool_reader TO ROLE SYSADMIN;
GRANT ROLE eventspool_reader TO ROLE eventspool_personal;

-- Pipes do not use a warehouse. What does is small and rare, so it is the smallest, and asleep a minute later.
USE ROLE SYSADMIN;
CREATE WAREHOUSE IF NOT EXISTS eventspool_wh
    WAREHOUSE_SIZE = XSMALL
    AUTO_SUSPEND = 60
    AUTO_RESUME = TRUE
    INITIALLY_SUSPENDED = TRUE;
GRANT USAGE ON WAREHOUSE eventspool_wh TO ROLE eventspool_loader;
GRANT USAGE ON WAREHOUSE eventspool_wh TO ROLE eventspool_reader;

CREATE DATABASE IF NOT EXISTS eventspool;
GRANT USAGE, CREATE SCHEMA ON DATABASE eventspool TO ROLE eventspool_loader;
GRANT USAGE ON DATABASE eventspool TO ROLE eventspool_reader;

-- To run its own tasks (12_events_merged.sql, 16_check_completeness.sql). Without this right they are made, and ALTER
-- TASK ... RESUME fails.
USE ROLE ACCOUNTADMIN;
GRANT EXECUTE TASK ON ACCOUNT TO ROLE eventspool_loader;

-- The schema belongs to the role that makes it, which may then make anything in it.
USE ROLE eventspool_loader;
USE WAREHOUSE eventspool_wh;
CREATE SCHEMA IF NOT EXISTS eventspool.acm;
GRANT USAGE ON SCHEMA eventspool.acm TO ROLE eventspool_reader;
