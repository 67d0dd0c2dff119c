-- The lines of NDJSON objects as a table of Athena (in the Glue Data Catalog): one row for each event, and no column
-- but its text. The date folders of USE_DATE_FOLDERS=hive are partitions, which Athena works out for itself: no
-- crawler, no MSCK REPAIR TABLE. The delimiter U+0001 never occurs, as XML forbids it: each line is one column,
-- whatever names its JSON has.
-- Executed: not at all; the parser of the tests does not know Athena's DDL (tests/e2e/test_engines.py).
-- Sources: docs.aws.amazon.com, Amazon Athena User Guide, "CREATE TABLE", "Lazy Simple SerDe for CSV, TSV, and
-- custom-delimited files", "Supported types for partition projection", "Set up partition projection", "Use compression
-- in Athena".
CREATE EXTERNAL TABLE acm.raw_events (event STRING)
PARTITIONED BY (dt STRING)
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\001'
STORED AS TEXTFILE
LOCATION 's3://my-bucket/xml-events/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = 's3://my-bucket/xml-events/dt=${dt}/'
);
