-- One row for each event, as it is in the object, and the object that it came from.
-- Executed: not on BigQuery. tests/e2e/test_engines.py parses it, and runs it on DuckDB.
-- Sources: docs.cloud.google.com, BigQuery, "Data definition language (DDL) statements in GoogleSQL" (CREATE TABLE).
CREATE TABLE IF NOT EXISTS acm.raw_events (
    event STRING NOT NULL,
    filename STRING NOT NULL,
    loaded_at TIMESTAMP NOT NULL
);
