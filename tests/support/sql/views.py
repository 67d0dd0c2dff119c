"""views -- the columns of the views of sql/snowflake/, their types, and when two tables or views are the same."""
from support.sql.acm_fields import FIELDS

IDENTITY = {"spool": "text", "id": "number", "received_at": "time", "source_address": "text", "node": "text",
            "repetition": "number"}
LOADED = {"filename": "text", "file_row_number": "number", "file_last_modified": "utc",
          "start_scan_time": "time"}
VALUES = {field["column"]: field["type"] for field in FIELDS}
COLUMNS = {**IDENTITY, **VALUES, **LOADED}  # of events, in their order
# As DuckDB writes what Snowflake calls VARCHAR, NUMBER, BOOLEAN, TIMESTAMP_TZ (and _LTZ) and TIMESTAMP_NTZ.
TYPES = {"text": "VARCHAR", "number": "DECIMAL(38,0)", "flag": "BOOLEAN", "time": "TIMESTAMP WITH TIME ZONE", "utc": "TIMESTAMP"}


def types_of(warehouse, view):
    """{column: its declared type}, in their order."""
    return {row["column_name"]: row["column_type"] for row in warehouse.query(f"DESCRIBE {view}")}


def assert_same(warehouse, one, other, columns=COLUMNS):
    """Two tables or views have the same rows, each as often. Of rows that differ only their ids are shown."""
    names = ", ".join(columns)
    for here, there in ((one, other), (other, one)):
        rows = warehouse.query(f"SELECT id FROM (SELECT {names} FROM {here} EXCEPT ALL SELECT {names} FROM {there}) AS rest")[:5]
        assert not rows, f"in {here} and not in {there}: ids {[row['id'] for row in rows]}"
