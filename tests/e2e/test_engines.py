"""docs/engines/ and the SQL that it is about: DuckDB on real objects; the files for Athena, BigQuery and Databricks as far as
a parser and a translation to DuckDB go (tests/support/sql/engines.py)."""
import contextlib
import json
import re
import xml.etree.ElementTree

from support.documents import marked_for
from support.environment import ROOT, SAMPLES
from support.ledger import spool
from support.sql.acm_fields import FIELDS, values_of
from support.sql.duckdb import Duckdb
from support.sql.engines import SQL, files_of, stand_in, translate
from support.sql.parser import parse
from support.sql.text import split, statements
from support.tap import main, tests_of

BLOCKS = marked_for(__file__)
METADATA = ["spool", "id", "received_at", "source_address", "node", "repetition"]
COLUMNS = [*METADATA, *(field["column"] for field in FIELDS), "filename"]
TIMES = {"received_at", *(field["column"] for field in FIELDS if field["type"] == "time")}
# What is text and looks like something else, what is nothing, and what has no column.
ODD = """<EVENT a="1"><cn>38901f4a-95d1-4013-8901-38901f4a95d1</cn><plasectrxRecdate>20140610055028-700</plasectrxRecdate>
<plasectrxPaneldate>20141310055028-0700</plasectrxPaneldate><plasectrxRecdateUTC>19700101000000Z</plasectrxRecdateUTC>
<plasectrxPaneldateUTC>20140610125028</plasectrxPaneldateUTC><plasectrxLastacc>19691231190000-0500</plasectrxLastacc>
<plasectrxEventname>2026-01-01</plasectrxEventname><plasectrxPanelname>12:30:00</plasectrxPanelname>
<plasectrxMsg>1E5</plasectrxMsg><plasectrxMsg>again</plasectrxMsg><plasectrxCardno> 007 </plasectrxCardno>
<plasectrxPri> -1 </plasectrxPri><plasectrxPointaddress>x</plasectrxPointaddress><plasectrxIsAlarm>2</plasectrxIsAlarm>
<plasectrxHasNotes> 1 </plasectrxHasNotes><plasectrxLname>O\u2028'&amp;"\\</plasectrxLname><n><k q="v">x</k></n></EVENT>"""
# What a cast of DuckDB's takes for numbers, and nobody else's does.
NO_NUMBERS = "<EVENT><plasectrxSeqno>0x10</plasectrxSeqno><plasectrxSourcetype>1_000</plasectrxSourcetype></EVENT>"
OTHER_CASE = "<EVENT><plasectrxPanelName>upper</plasectrxPanelName><plasectrxPanelname>lower</plasectrxPanelname></EVENT>"
NO_EVENT_OF_OURS = "<EVENT><plasectrxGatewayDN>cn=eventspool-test</plasectrxGatewayDN></EVENT>"


# ---- what was sent, read without any of the SQL ----

def as_printed(value):
    """As DuckDB prints it: numbers as text, and a time without zeros at the end of its fraction."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:[.](\d+?)0*)?(?:Z|[+]00:00)", str(value))
    return f"{match[1]} {match[2]}{'.' + match[3] if match[3] and int(match[3]) else ''}+00" if match else value


def sent_events(site):
    """{id: {column: value}} of all events in the spool, but for those that are a test of ours."""
    found = {}
    for number, received_at, source, payload in site.query("SELECT id, received_at, source, payload FROM events"):
        values = dict(zip((field["column"] for field in FIELDS), map(as_printed, values_of(xml.etree.ElementTree.fromstring(payload)))))
        if values["gateway_dn"] != "cn=eventspool-test":
            found[number] = {"spool": spool(keys(site)[0]), "id": str(number), "source_address": source, "node": "gate-7",
                             "received_at": as_printed(received_at), **values}
    return found


# ---- objects ----

def flush(site, *events, **settings):
    """Sends events, and ships them as one object of its own."""
    total = site.value("SELECT last_event_id FROM _intake") + len(events)
    site.send("\n".join(events).encode())
    site.wait_for_events(total)
    return command(site, "flush", **settings)


def command(site, *arguments, **settings):
    done = site.command("uploader", *arguments, **{"DESTINATION_DIR": site.objects, "NODE_ID": "gate-7", **settings})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def samples(*numbers):
    return [path.read_text() for number in numbers for path in SAMPLES.glob(f"{number}_*.xml")]


def begin(site):
    site.collector(NODE_ID="gate-7")
    site.wait_for_spool()


def ship_every_kind(site):
    """Objects of each kind that DuckDB reads, all below one prefix."""
    begin(site)
    flush(site, *samples("01", "02"), OUTPUT_FORMAT="json")
    flush(site, *samples("03", "04", "05"), OUTPUT_FORMAT="ndjson", COMPRESSION="gzip", USE_DATE_FOLDERS="hive")
    flush(site, *samples("06", "07"), OUTPUT_FORMAT="json", COMPRESSION="gzip", USE_DATE_FOLDERS="true")
    flush(site, ODD, OTHER_CASE, NO_NUMBERS, NO_EVENT_OF_OURS, OUTPUT_FORMAT="ndjson")
    flush(site, *samples("10"), OUTPUT_FORMAT="json", PRETTY_PRINT_JSON="true", USE_DATE_FOLDERS="hive")


def ship_lines(site):
    """NDJSON alone, which every engine reads."""
    begin(site)
    flush(site, *samples("01", "02", "03", "04"), OUTPUT_FORMAT="ndjson", USE_DATE_FOLDERS="hive")
    flush(site, *samples("05", "06", "07", "10"), OUTPUT_FORMAT="ndjson", COMPRESSION="gzip", USE_DATE_FOLDERS="hive")
    flush(site, ODD, OTHER_CASE, NO_EVENT_OF_OURS, OUTPUT_FORMAT="ndjson", USE_DATE_FOLDERS="true")


def repeat_the_second(site):
    """Its four events get a second object, whose key ends in -r2."""
    site.uploader(NODE_ID="gate-7")
    command(site, "reship", "--batch", "2", "--new-keys")
    assert len([key for key in keys(site) if "-r2." in key]) == 1


def keys(site):
    return [str(path) for path in sorted(folder(site).rglob("*.*"))]


def folder(site):
    return site.objects / "xml-events"


# ---- DuckDB ----

@contextlib.contextmanager
def duckdb(site):
    """A DuckDB with our views over the site's objects."""
    with contextlib.closing(Duckdb()) as db:
        db.run(f"SET VARIABLE objects = '{folder(site)}'")
        for path in files_of("duckdb"):
            for statement in statements(path):
                db.run(statement)
        yield db


def assert_rows_are_what_was_sent(site, db, zone="+00"):
    """Each event once, each field of it as it was sent, in the columns that every engine has; `zone` is what DuckDB prints
    behind a time: nothing, if its type has no zone."""
    names = [row["column_name"] for row in db.run("DESCRIBE acm.events")]
    assert names[:len(COLUMNS)] == COLUMNS, names
    rows, sent = db.run("SELECT * FROM acm.events ORDER BY id"), sent_events(site)
    assert [int(row["id"]) for row in rows] == sorted(sent), rows
    for row in rows:
        for name, value in sent[int(row["id"])].items():
            if name in TIMES and value:
                value = value.removesuffix("+00") + zone
            assert row[name] == value, (row["id"], name, row[name], value)


def test_rows_in_duckdb_are_what_was_sent(site):
    ship_every_kind(site)
    with duckdb(site) as db:
        assert_rows_are_what_was_sent(site, db)
        assert {row["repetition"] for row in db.run("SELECT repetition FROM acm.events")} == {1}
        types = {row["column_name"]: row["column_type"] for row in db.run("DESCRIBE acm.events")}
        assert {types[field["column"]] for field in FIELDS if field["type"] == "time"} == {"TIMESTAMP WITH TIME ZONE"}
        assert {types[field["column"]] for field in FIELDS if field["type"] == "number"} == {"BIGINT"}


def test_names_without_a_column_stay_in_the_raw_events(site):
    ship_every_kind(site)
    with duckdb(site) as db:
        (row,) = db.run("""SELECT event ->> 'plasectrxMsg[2]' AS repeated, event ->> 'n/k' AS nested, event ->> '@a' AS attribute,
                                  event ->> 'n/k/@q' AS both FROM acm.raw_events WHERE event ->> 'plasectrxMsg' = '1E5'""")
        assert row == {"repeated": "again", "nested": "x", "attribute": "1", "both": "v"}
        assert db.value("SELECT panel_name FROM acm.events WHERE id = 9") == "lower"


def test_events_of_a_repeated_object_count_once(site):
    ship_lines(site)
    repeat_the_second(site)
    with duckdb(site) as db:
        assert_rows_are_what_was_sent(site, db)
        assert db.value("SELECT count(*) FROM acm.events_typed WHERE repetition = 2") == "4"
        assert {row["repetition"] for row in db.run("SELECT repetition FROM acm.events WHERE id BETWEEN 5 AND 8")} == {2}
        assert db.run("FROM acm.gaps") == db.run("FROM acm.wrong_objects") == []


def keeps_events_without_metadata(site, engine):
    """Twice the same names as in EVENT_METADATA, but as fields of the sender's own."""
    begin(site)
    senders_own = "<EVENT><_spool>0123456789</_spool><_id>7</_id><_source>x</_source><_node>y</_node></EVENT>"
    flush(site, *samples("01"), senders_own, senders_own, OUTPUT_FORMAT="ndjson", EVENT_METADATA="false",
          PREFIX="xml-events/like-0123456789-0000000001-the-name-of-an-object/")
    with duckdb(site) if engine == "duckdb" else contextlib.closing(stand_in(engine, folder(site))) as db:
        rows = db.run("SELECT spool, id, received_at, source_address, node FROM acm.events")
    assert [list(row.values()) for row in rows] == [[spool(keys(site)[0]), None, None, None, None]] * 3, rows


def test_a_missing_object_is_found_and_nothing_else(site):
    ship_every_kind(site)
    with duckdb(site) as db:
        assert db.run("FROM acm.gaps") == db.run("FROM acm.wrong_objects") == []
        (gone,) = folder(site).rglob("*-0000000006-0000000007.json.gz")
        gone.unlink()
        assert db.run("FROM acm.gaps") == [{"spool": spool(str(gone)), "first_id": "6", "last_id": "7"}]
        assert db.run("FROM acm.wrong_objects") == []


def test_an_object_that_lost_a_line_is_found(site):
    ship_lines(site)
    (short,) = folder(site).rglob("*-0000000009-0000000011.ndjson")
    short.write_bytes(short.read_bytes().split(b"\n", 1)[1])
    with duckdb(site) as db:
        assert db.run("FROM acm.gaps") == []
        assert db.run("FROM acm.wrong_objects") == [{"filename": str(short), "events": "2", "expected": "3"}]


def test_objects_in_xml_count_as_objects_and_have_no_rows(site):
    ship_lines(site)
    flush(site, *samples("01"), OUTPUT_FORMAT="xml")
    with duckdb(site) as db:
        assert db.run("FROM acm.gaps") == []
        assert [(row["events"], row["expected"]) for row in db.run("FROM acm.wrong_objects")] == [("0", "1")]


# ---- the page ----

def blocks(page):
    """The SQL of a page that says that this test runs it; `.read FILE` is a command of DuckDB's own shell."""
    return [re.sub(r"^[.]read (\S+)$", lambda match: (ROOT / match[1]).read_text(), block, flags=re.MULTILINE)
            for block in BLOCKS.take_all(f"docs/engines/{page}")]


def test_the_blocks_of_the_page_about_duckdb_run(site):
    ship_every_kind(site)
    with contextlib.closing(Duckdb()) as db:
        answers = [db.run(statement.replace("var/objects/xml-events", str(folder(site))))
                   for block in blocks("duckdb.md") for statement in split(block)]
    assert len(blocks("duckdb.md")) == 4 and answers[-2:] == [[], []], "the last block asks for what is missing"


def test_without_an_object_in_json_duckdb_says_what_the_page_quotes(site):
    begin(site)
    flush(site, *samples("01"))
    (quoted,) = re.findall(r"the first file ends with `(.+)`", (ROOT / "docs/engines/duckdb.md").read_text())
    try:
        with duckdb(site):
            raise RuntimeError("the views were made")
    except AssertionError as e:
        assert quoted in str(e), e


def test_read_json_makes_types_of_texts_as_the_page_says(site):
    path = site.directory / "a.ndjson"
    texts = {"a": "2026-01-01", "b": "12:30:00", "c": "38901f4a-95d1-4013-8901-38901f4a95d1", "d": "2026-01-01 12:30:00",
             "_received_at": "2026-11-21T23:34:55.711Z", "e": "007", "f": "1E5", "g": "true", "h": "20140610125028Z"}
    path.write_text(json.dumps(texts) + "\n")
    with contextlib.closing(Duckdb()) as db:
        guessed = {row["column_name"]: row["column_type"] for row in db.run(f"DESCRIBE FROM read_json('{path}')")}
    assert guessed == {"a": "DATE", "b": "TIME", "c": "UUID", "d": "TIMESTAMP", "_received_at": "TIMESTAMP",
                       **dict.fromkeys("efgh", "VARCHAR")}


# ---- the other engines ----

ENGINES = ("athena", "bigquery", "databricks")
# The dialect that reads each file's SELECT: node-sql-parser has none of Databricks, and no DDL of any of these engines. Its
# dialect `athena` knows no views and no TRY_CAST, and `trino` no frames of windows.
DIALECTS = {"athena/02_events_typed": "trino", "athena/03_events": "trino", "athena/04_objects": "trino",
            "bigquery/02_raw_events": "bigquery", "bigquery/03_load": "bigquery", "bigquery/05_events_typed": "bigquery",
            "bigquery/06_objects": "bigquery", "databricks/04_events_typed": "snowflake", "databricks/05_objects": "snowflake",
            "engines/events": "bigquery", "engines/gaps": "bigquery", "engines/wrong_objects": "bigquery"}


def parsed_statements():
    """Each with its dialect; a cast to MAP is the one thing that the parser does not know."""
    for name, dialect in DIALECTS.items():
        for statement in statements(SQL / f"{name}.sql"):
            if not statement.startswith("USE "):
                yield [dialect, re.sub(r"CAST\((json_parse\(event\)) AS MAP\(VARCHAR, VARCHAR\)\)", r"\1", statement)]
    yield ["athena", (SQL / "engines/gaps.sql").read_text().split("VIEW acm.gaps AS")[1].rstrip(";\n")]


def test_the_queries_parse_in_their_dialects(site):
    pairs = list(parsed_statements())
    assert [answer for answer in parse(pairs) if "error" in answer] == []
    spoilt = [[dialect, statement.replace("FROM", "FORM", 1)] for dialect, statement in pairs if "FROM" in statement]
    assert all("error" in answer for answer in parse(spoilt))


def fields_of(text):
    """(element, column, kind) of each line of a view that reads one field."""
    line = re.compile(r"^    (?P<call>\w[^'\n]*)'(?:\$[.])?(?P<element>[A-Za-z]\w*)'.* AS (?P<column>\w+),$", re.MULTILINE)
    kinds = {"text": r"acm_text|element_at\(texts", "time": r"acm_time|element_at\(times", "flag": r"acm_flag|element_at\(flags",
             "number": r"acm_number|TRY_CAST\(element_at\(texts"}
    for match in line.finditer(text):
        (*_, kind) = [kind for kind, pattern in kinds.items() if re.match(rf"(acm[.])?({pattern})", match["call"])]
        yield match["element"], match["column"], kind


def has_the_fields(site, name):
    found = list(fields_of((SQL / name).read_text()))
    assert found == [(field["element"], field["column"], field["type"]) for field in FIELDS], found


def has_the_rows(site, engine):
    ship_lines(site)
    repeat_the_second(site)
    with contextlib.closing(stand_in(engine, folder(site))) as db:
        assert_rows_are_what_was_sent(site, db, zone="" if engine == "athena" else "+00")
        assert {int(row["repetition"]) for row in db.run("SELECT repetition FROM acm.events WHERE id BETWEEN 5 AND 8")} == {2}
        assert db.run("FROM acm.gaps") == db.run("FROM acm.wrong_objects") == []
    for path in folder(site).rglob("*-0000000005-0000000008*"):
        path.unlink()
    with contextlib.closing(stand_in(engine, folder(site))) as db:
        assert db.run("FROM acm.gaps") == [{"spool": spool(keys(site)[0]), "first_id": "5", "last_id": "8"}]


def test_a_second_load_of_bigquery_adds_nothing(site):
    ship_lines(site)
    with contextlib.closing(stand_in("bigquery", folder(site))) as db:
        (load,) = statements(SQL / "bigquery/03_load.sql")
        db.run(translate("bigquery", load))
        assert db.value("SELECT count(*) FROM acm.raw_events") == "11"


VIEWS = {"duckdb": "duckdb/events_typed.sql", "athena": "athena/02_events_typed.sql", "bigquery": "bigquery/05_events_typed.sql",
         "databricks": "databricks/04_events_typed.sql"}
NAMES = {f"the_view_for_{engine}_has_each_field": (name,) for engine, name in VIEWS.items()}
KEPT = {f"events_without_metadata_are_all_kept_by_{engine}": (engine,) for engine in VIEWS}
ROWS = {f"the_files_for_{engine}_give_what_was_sent": (engine,) for engine in ENGINES}

main({**globals(), **tests_of(has_the_fields, NAMES), **tests_of(has_the_rows, ROWS),
      **tests_of(keeps_events_without_metadata, KEPT)}, at_once=4)
