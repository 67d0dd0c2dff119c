-- What Databricks needs to read the bucket: an external location of Unity Catalog, over a storage credential that
-- somebody has made for an IAM role (Catalog Explorer shows the role's trust policy), and a schema for all that
-- follows.
-- Executed: not at all; the parser of the tests does not know these statements (tests/e2e/test_engines.py).
-- Sources: docs.databricks.com, "CREATE EXTERNAL LOCATION", "CREATE CATALOG", "CREATE SCHEMA".
CREATE EXTERNAL LOCATION IF NOT EXISTS eventspool
    URL 's3://my-bucket/xml-events/'
    WITH (STORAGE CREDENTIAL eventspool_s3);
CREATE CATALOG IF NOT EXISTS eventspool;
USE CATALOG eventspool;
CREATE SCHEMA IF NOT EXISTS acm;
