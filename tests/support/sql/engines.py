"""engines -- our statements for Athena, BigQuery and Databricks as DuckDB runs them: the table of equivalents.

Functions that DuckDB has under another name are macros (<engine>_functions.sql). What is no function is rewritten here, by the
rows of REWRITES in their order. A statement is otherwise run as it stands. What reads the bucket is not translated: each
line of an NDJSON object becomes a row of one column, by the delimiter that the files for Athena and BigQuery use.
"""
import re

from support.environment import ROOT
from support.sql.duckdb import Duckdb
from support.sql.text import statements

SQL = ROOT / "sql"
SHARED = [SQL / f"engines/{name}.sql" for name in ("events", "gaps", "wrong_objects")]

REWRITES = {
    "athena": [
        (r"\(name, written\) -> ", "lambda entry: "),
        (r"\bwritten\b", "entry.value"),
        (r"\b(element_at|regexp_extract)\(", r"trino_\1("),
    ],
    "bigquery": [
        (r"\br'", "'"),
        (r"\bTIMESTAMP\b", "TIMESTAMPTZ"),
        (r"\bSAFE_CAST\(", "TRY_CAST("),
        (r"\bSAFE\.", "SAFE_"),
        (r"\bREGEXP_EXTRACT\(", "BIGQUERY_REGEXP_EXTRACT("),
        (r"\bCURRENT_TIMESTAMP\(\)", "now()"),
        (r"(?s)^CREATE OR REPLACE FUNCTION (\S+)\((\w+) \w+\) RETURNS (\w+) AS \((.*)\)$",
         r"CREATE OR REPLACE MACRO \1(\2) AS CAST((\4) AS \3)"),
    ],
    "databricks": [
        (r"\bTIMESTAMP\b", "TIMESTAMPTZ"),
        (r"(\w+) REGEXP ('[^']*')", r"regexp_matches(\1, \2)"),
        (r"(?s)^CREATE OR REPLACE FUNCTION (\S+)\((\w+) \w+\) RETURNS (\w+)\s+RETURN (.*)$",
         r"CREATE OR REPLACE MACRO \1(\2) AS CAST((\4) AS \3)"),
    ],
}
# What reads the bucket, as a table of the lines; {lines} has `event` and `filename`.
STAND_INS = {
    "athena": """CREATE TABLE acm.raw_events AS SELECT event, filename AS "$path", '2026-11-21' AS dt FROM {lines}""",
    "bigquery": "CREATE TABLE acm.lines AS SELECT event, filename AS _FILE_NAME FROM {lines}",
    "databricks": "CREATE TABLE acm.raw_events AS SELECT CAST(event AS JSON) AS event, filename, now() AS file_last_modified, "
                  "now() AS loaded_at FROM {lines}",
}
LINES = ("read_csv('{root}/**/*.ndjson*', delim = '\x01', quote = '', escape = '', header = false, filename = true, "
         "hive_partitioning = false, columns = {{'event': 'VARCHAR'}})")
# What has no equivalent: it makes the place for all the rest, or reads the bucket, for which STAND_INS are.
PASSED_OVER = re.compile(r"USE CATALOG\b|CREATE (CATALOG|SCHEMA|OR REFRESH STREAMING|(OR REPLACE )?EXTERNAL)\b")


def translate(engine, statement):
    for pattern, replacement in REWRITES[engine]:
        statement = re.sub(pattern, replacement, statement)
    return statement


def files_of(engine):
    """All files of an engine in the order of running."""
    own = sorted((SQL / engine).glob("*.sql"))
    return own + [path for path in SHARED if path.name not in {re.sub(r"^\d+_", "", other.name) for other in own}]


def stand_in(engine, root):
    """A DuckDB that holds the engine's views over the objects below `root`."""
    db = Duckdb()
    db.run("CREATE SCHEMA acm")
    db.run(STAND_INS[engine].format(lines=LINES.format(root=root)))
    for statement in statements(ROOT / f"tests/support/sql/{engine}_functions.sql"):
        db.run(statement)
    for path in files_of(engine):
        for statement in statements(path):
            if not PASSED_OVER.match(statement):
                db.run(translate(engine, statement))
    return db
