-- Takes away everything that these files made, with all that was loaded. UNDROP DATABASE eventspool, as SYSADMIN,
-- brings the database back while Time Travel lasts (one day unless you have set more); pipes and integrations have to
-- be made anew then.
--
-- Not touched: the bucket and all objects in it; in AWS the roles, their policies, the SNS topics and the bucket's
-- notifications, which go on being sent to Snowflake's queue until they are removed (deploy/aws/); the spools; users,
-- and what else was granted to them.
--
-- Executed: not on Snowflake. That each object which the other files make is dropped here, or lies in what is, and the
-- statements themselves, are checked by tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, DROP PIPE, DROP DATABASE, DROP INTEGRATION, DROP WAREHOUSE, DROP ROLE, "Understanding
-- Column-level Security" (Limitations).

-- First what works by itself, so that nothing is loaded while the rest is dropped.
USE ROLE eventspool_loader;
DROP PIPE IF EXISTS eventspool.acm.events_xml_pipe;
DROP PIPE IF EXISTS eventspool.acm.events_json_pipe;
DROP PIPE IF EXISTS eventspool.acm.events_ndjson_pipe;
DROP PIPE IF EXISTS eventspool.acm.rejects_pipe;

-- The schema with its tables, views, functions, stages, file formats, streams, tasks and the masking policy. The policy
-- need not be unset from its columns before, because they lie in the same database.
USE ROLE SYSADMIN;
DROP DATABASE IF EXISTS eventspool;
DROP WAREHOUSE IF EXISTS eventspool_wh;

-- After the stages and pipes that used them.
USE ROLE ACCOUNTADMIN;
DROP INTEGRATION IF EXISTS eventspool_s3;
DROP INTEGRATION IF EXISTS eventspool_errors;
DROP INTEGRATION IF EXISTS eventspool_mail;

-- Last, because the loader's own objects would pass on to whoever drops it.
USE ROLE USERADMIN;
DROP ROLE IF EXISTS eventspool_personal;
DROP ROLE IF EXISTS eventspool_reader;
DROP ROLE IF EXISTS eventspool_loader;
