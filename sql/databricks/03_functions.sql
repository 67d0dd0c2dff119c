-- How ACM writes times, numbers and flags, in Databricks.
-- Executed: not on Databricks. tests/e2e/test_engines.py runs the bodies on DuckDB.
-- Sources: docs.databricks.com, "CREATE FUNCTION (SQL and Python)", "try_to_timestamp function", "Datetime patterns"
-- (XX reads both `-0700` and `Z`), "try_cast function", "regexp operator".
USE CATALOG eventspool;

-- Some panels print an offset of three digits, such as -700 for -0700.
CREATE OR REPLACE FUNCTION acm.acm_offset(written STRING) RETURNS STRING
RETURN CASE WHEN written REGEXP '^[0-9]{14}[+-][0-9]{3}$' THEN left(written, 15) || '0' || right(written, 3)
            ELSE written END;

-- 20140610055028-0700 or 20140610125028Z. 1970 stands for "none". What is no time is NULL.
CREATE OR REPLACE FUNCTION acm.acm_time(written STRING) RETURNS TIMESTAMP
RETURN nullif(try_to_timestamp(acm.acm_offset(written), 'yyyyMMddHHmmssXX'), TIMESTAMP '1970-01-01T00:00:00Z');

-- In JSON no text has white space around it. An empty one stands for "none".
CREATE OR REPLACE FUNCTION acm.acm_text(written STRING) RETURNS STRING RETURN nullif(written, '');

CREATE OR REPLACE FUNCTION acm.acm_number(written STRING) RETURNS BIGINT RETURN try_cast(written AS BIGINT);

CREATE OR REPLACE FUNCTION acm.acm_flag(written STRING) RETURNS BOOLEAN
RETURN CASE written WHEN '1' THEN TRUE WHEN '0' THEN FALSE END;
