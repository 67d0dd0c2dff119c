"""warehouse -- what sql/snowflake/ makes of objects, run on DuckDB: the stand-in for Snowflake, as near as it goes.

The statements are those of the files, translated by the table of equivalents (snowflake.py). Loading is not: what COPY and
a pipe do is written down here from Snowflake's documentation, one row for each element of an array, line or child of the outer
element, with the columns METADATA$... beside it. JSON is read by DuckDB itself, XML by Python's ElementTree.
"""
import datetime
import gzip
import hashlib
import json
import pathlib
import re
import tempfile
import threading
import xml.etree.ElementTree

from support.environment import ROOT
from support.sql.duckdb import Duckdb
from support.sql.snowflake import translate
from support.sql.text import statements

WHITE = " \t\r\n"  # what XML calls white space, and no more
SQL = ROOT / "sql/snowflake"
# What a pipe takes, with all three of its formats: the PATTERNs in 08_pipes.sql are this one with one extension each.
PATTERN = re.compile(r".*-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.](xml|json|ndjson)([.]gz)?")
COMPLETENESS = ("05", "06", "13", "14", "15")  # the numbered files that say what is missing
MAKES = re.compile(r"CREATE (OR REPLACE )?(SECURE )?(TABLE|VIEW|FUNCTION)\b")


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def as_variant(element):
    """An element as a VARIANT, as Snowflake's documentation of XMLGET shows it, with DISABLE_AUTO_CONVERT: all values are text.

    Space around a text is gone: PRESERVE_SPACE is FALSE unless it is set.
    """
    content = [text for text in [(element.text or "").strip(WHITE)] if text]
    for child in element:
        content.append(as_variant(child))
        content += [text for text in [(child.tail or "").strip(WHITE)] if text]
    return {"@": element.tag, **{f"@{name}": value for name, value in element.attrib.items()},
            "$": content[0] if len(content) == 1 else content or ""}


def xml_rows(body):
    """One row for each child of the outer element: STRIP_OUTER_ELEMENT."""
    return [json.dumps(as_variant(child)) for child in xml.etree.ElementTree.fromstring(body)]


class Originals:
    """Files of what was made from the statements once, of which each further warehouse is a copy: to bind all views takes DuckDB
    more than a second, to copy them some hundredths of one.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.directory = None
        self.paths = {}  # {numbers: path}

    def give(self, db, numbers, make):
        """Fills an empty database, by make() or with a copy of what it made before."""
        with self.lock:
            if numbers not in self.paths:
                make()
                self.directory = self.directory or tempfile.TemporaryDirectory(prefix="eventspool-")
                path = f"{self.directory.name}/{len(self.paths)}.db"
                db.run(f"ATTACH {quoted(path)} AS original; COPY FROM DATABASE memory TO original; DETACH original")
                self.paths[numbers] = path
                return
        db.run(f"ATTACH {quoted(self.paths[numbers])} AS original (READ_ONLY); COPY FROM DATABASE original TO memory; "
               "DETACH original")


ORIGINALS = Originals()


class Warehouse:
    """All tables, functions and views of sql/snowflake/, or those of the numbered files that are named."""

    def __init__(self, *numbers):
        self.db = Duckdb()
        self.temporary = tempfile.TemporaryDirectory(prefix="eventspool-")
        ORIGINALS.give(self.db, numbers, lambda: self.make(numbers))

    def make(self, numbers):
        self.db.run("CREATE TABLE directory_of_events_stage "
                    "(relative_path VARCHAR, size BIGINT, last_modified TIMESTAMPTZ, md5 VARCHAR)")
        for statement in statements(ROOT / "tests/support/sql/snowflake_functions.sql"):
            self.db.run(statement)
        for path in sorted(SQL.glob("[0-9][0-9]_*.sql")):
            if not numbers or path.name[:2] in numbers:
                self.run_file(path)

    def run_file(self, path):
        """What makes tables, views and functions; what only Snowflake has is left out."""
        for statement in statements(path):
            if MAKES.match(statement):
                self.db.run(translate(statement))

    def query(self, sql):
        """A statement for Snowflake; its rows as duckdb.py gives them."""
        return self.db.run(translate(sql))

    def value(self, sql):
        return self.db.value(translate(sql))

    def load(self, root, *keys, table="raw_events", modified=None, name_in_stage=lambda key: key):
        """What COPY or a pipe would load of these keys, or of all objects below `root`, into `table`. Returns the keys loaded.

        `modified`: when the objects came into the bucket, if it is not when the files were written.
        """
        root = pathlib.Path(root)
        keys = keys or sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        loaded = [key for key in keys if PATTERN.fullmatch(key)]
        for key in loaded:
            self.load_object(root / key, name_in_stage(key), table, modified)
        return loaded

    def load_object(self, path, key, table, modified):
        body = path.read_bytes()
        moment = modified or datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.timezone.utc)
        self.db.run(f"INSERT INTO {table} SELECT json, {quoted(key)}, row_number() OVER (), "
                    f"{quoted(hashlib.md5(body).hexdigest())}, {quoted(moment.strftime('%Y-%m-%d %H:%M:%S.%f'))}, now() "
                    f"FROM {self.rows_of(path, body)}")

    def rows_of(self, path, body):
        """A table function that gives the object's rows, one JSON each."""
        kind = PATTERN.fullmatch(str(path))[2]
        if kind == "xml":
            rows = xml_rows(gzip.decompress(body) if path.suffix == ".gz" else body)
            path = pathlib.Path(self.temporary.name) / "rows.ndjson"
            path.write_text("".join(row + "\n" for row in rows))
        form = "array" if kind == "json" else "newline_delimited"
        return f"read_json_objects({quoted(path)}, format = '{form}', maximum_object_size = 134217728)"

    def load_status(self, path, key, modified):
        """A version of a status document, as the task's COPY takes it."""
        self.db.run(f"INSERT INTO status_documents VALUES ({quoted(pathlib.Path(path).read_text())}, {quoted(key)}, "
                    f"{quoted(modified.strftime('%Y-%m-%d %H:%M:%S.%f'))}, now())")

    def set_clock(self, moment):
        """What SYSDATE() gives from now on."""
        self.db.run(f"CREATE OR REPLACE MACRO SYSDATE() AS CAST({quoted(moment.strftime('%Y-%m-%d %H:%M:%S.%f'))} AS TIMESTAMP)")

    def list_stage(self, objects):
        """What the directory table shows: {path relative to the stage: when it came into the bucket}."""
        self.db.run("DELETE FROM directory_of_events_stage")
        for path, modified in objects.items():
            self.db.run(f"INSERT INTO directory_of_events_stage VALUES ({quoted(path)}, 1, {quoted(modified.isoformat())}, '')")

    def close(self):
        self.db.close()
        self.temporary.cleanup()
