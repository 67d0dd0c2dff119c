-- The objects that Athena has rows of, by their names. sql/engines/gaps.sql and wrong_objects.sql come after this file.
-- Executed: not on Athena. tests/e2e/test_engines.py parses it as Trino's SQL and runs it on DuckDB.
-- Sources: docs.aws.amazon.com, Amazon Athena User Guide, "Get the file locations for source data in Amazon S3";
-- trino.io, "Regular expression functions".
CREATE OR REPLACE VIEW acm.objects AS
SELECT regexp_extract(filename, '-([0-9a-f]{10})-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]', 1) AS spool,
       CAST(regexp_extract(filename, '-([0-9]{10,})-[0-9]{10,}(-r[0-9]+)?[.]', 1) AS BIGINT) AS first_id,
       CAST(regexp_extract(filename, '-[0-9]{10,}-([0-9]{10,})(-r[0-9]+)?[.]', 1) AS BIGINT) AS last_id,
       filename
FROM (SELECT DISTINCT "$path" AS filename FROM acm.raw_events)
WHERE regexp_like(filename, '-[0-9a-f]{10}-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.](xml|json|ndjson)([.]gz)?$');
