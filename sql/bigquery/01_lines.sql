-- The lines of NDJSON objects in Cloud Storage as an external table of BigQuery: one row for each event, and one
-- column. They are read as CSV with a delimiter that never occurs (U+0001, which XML forbids) and without quotes, so
-- each line is one column, whatever names its JSON has. With COMPRESSION=gzip, add `compression = 'GZIP'`: one table
-- reads either, not both.
-- Executed: not on BigQuery. Google's own parser of this SQL (ZetaSQL) took it once, by hand.
-- Sources: docs.cloud.google.com, BigQuery, "Data definition language (DDL) statements in GoogleSQL" (CREATE EXTERNAL
-- TABLE), "Create Cloud Storage external tables", "Query Cloud Storage data in external tables" (_FILE_NAME).
CREATE OR REPLACE EXTERNAL TABLE acm.lines (event STRING)
OPTIONS (
    format = 'CSV',
    uris = ['gs://my-bucket/xml-events/*.ndjson'],
    field_delimiter = '\x01',
    quote = '',
    encoding = 'UTF-8'
);
