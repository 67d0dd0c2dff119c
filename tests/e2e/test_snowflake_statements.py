"""sql/snowflake/ against what is documented, as no Snowflake can be asked here.

Queries are parsed by a parser that knows Snowflake's dialect, and all other statements are compared with the table of what is
documented (tests/support/sql/documented.py). What a statement refers to exists by then, is made by a role that may, and
is dropped in the end; and the patterns take objects and nothing else.
"""
import contextlib
import csv
import functools
import itertools
import pathlib
import re
import shutil
import subprocess

from support.environment import ROOT
from support.sql.documented import STRING, Documentation, Undocumented, parts_of, queries_of
from support.sql.parser import parse
from support.sql.text import statements
from support.sql.warehouse import PATTERN, SQL, Warehouse
from support.tap import main

FILES = sorted(path for path in SQL.rglob("*.sql") if path.parent.name != "worksheet")  # that holds parts of worksheet.sql
NUMBERED = sorted(SQL.glob("[0-9][0-9]_*.sql"))
TEARDOWN = SQL / "90_teardown.sql"
SETUP = [path for path in NUMBERED if path != TEARDOWN]
DOCUMENTATION = Documentation()

# What of Snowflake's SQL the parser does not know, what is parsed in its place, and why that is the same.
UNKNOWN_TO_THE_PARSER = [
    (r"\b(TABLE_NAME|START_TIME) => ", "", "arguments of a table function by name; the parser takes them by position"),
    (r" INTO :\w+", "", "the variable of a block that a query is read into"),
    (r"\bWITHIN GROUP \(ORDER BY place\)", "", "the order of what LISTAGG joins"),
]
PLACEHOLDERS = {"my-bucket": "doors", "123456789012": "210987654321", "eu-central-1": "us-east-1",
                "oncall@example.com": "guard@doors.example"}

# What makes an object, and who may; everything else belongs to the loader.
MAKERS = {"CREATE ROLE": "USERADMIN", "CREATE WAREHOUSE": "SYSADMIN", "CREATE DATABASE": "SYSADMIN",
          "CREATE STORAGE INTEGRATION": "ACCOUNTADMIN", "CREATE NOTIFICATION INTEGRATION, SNS": "ACCOUNTADMIN",
          "CREATE NOTIFICATION INTEGRATION, EMAIL": "ACCOUNTADMIN"}
LOADER = "eventspool_loader"

LOADERS = ("07_copy.sql", "08_pipes.sql")
FORMATS = ("xml", "json", "ndjson")
NAME = "20261121_233455-f16eb27301-0000000001-0000000002"
NO_OBJECTS = [
    "xml-events/_check-gate-7", "xml-events/_check-gate-7.xml", "xml-events/_nothing-4f1c2a99",
    "xml-events/.eventspool-f16eb27301-12.part", f"xml-events/{NAME}.xml.part", f"xml-events/{NAME}.xml.gz.part",
    f"xml-events/{NAME}.csv", f"xml-events/{NAME}", f"xml-events/{NAME}-r.xml", "xml-events/20261121_233455-f16eb27301-1-2.xml",
    f"xml-events-old/{NAME}.xml", "rejected/xml-events/_check-gate-7", f"rejected/xml-events/{NAME}.xml",
    f"rejected/xml-events/{NAME}.json", "status/gate-7.json",
]


def read(paths):
    """All statements of the files, as the documentation sees them."""
    return [DOCUMENTATION.read(text) for path in paths for text in statements(path)]


def parsed(queries):
    return parse([("snowflake", query) for query in queries])


def plain(name):
    """A name without quotes, database and schema, as Snowflake compares it."""
    return name.strip("'").split(".")[-1].lower()


def test_every_query_parses(_):
    queries = [query for statement in read(FILES) for query in queries_of(statement)]
    unknown = [query for query in queries if any(re.search(row[0], query) for row in UNKNOWN_TO_THE_PARSER)]
    for query, answer in zip(unknown, parsed(unknown)):
        assert "error" in answer, f"parses as it stands: {query}"
    for construct, stand_in, _ in UNKNOWN_TO_THE_PARSER:
        assert any(re.search(construct, query) for query in unknown), f"nobody uses {construct}"
        queries = [re.sub(construct, stand_in, query) for query in queries]
    for query, answer in zip(queries, parsed(queries)):
        assert "error" not in answer, f"{answer['error']}\nin: {query}"


def test_every_statement_is_documented(_):
    assert read(FILES)
    for row in DOCUMENTATION.rows:
        assert re.fullmatch(r".+ /en/(sql-reference|user-guide)/\S+", row["source"]), row


# A file, what is in it, what somebody may write in its place, and what is said then.
MISTAKES = [
    ("01_database.sql", "AUTO_SUSPEND = 60", "AUTO_SUSPENDED = 60", "no option AUTO_SUSPENDED"),
    ("01_database.sql", "WAREHOUSE_SIZE = XSMALL", "WAREHOUSE_SIZE = TINY", "WAREHOUSE_SIZE cannot be TINY"),
    ("01_database.sql", "GRANT USAGE, CREATE SCHEMA ON", "GRANT USAGE, CREATE TABLE ON", "no documented form"),
    ("01_database.sql", "CREATE ROLE IF", "CREATE OR REPLACE ROLE IF", "exclude each other"),
    ("02_storage_integration.sql", "    STORAGE_PROVIDER = 'S3'\n", "", "must have"),
    ("02_storage_integration.sql", "my-bucket/status/'", "my-bucket/status'", "STORAGE_ALLOWED_LOCATIONS cannot be"),
    ("02_storage_integration.sql", "123456789012:role", "12345678901:role", "STORAGE_AWS_ROLE_ARN cannot be"),
    ("03_file_formats.sql", "STRIP_OUTER_ELEMENT =", "STRIP_OUTER_ARRAY =", "XML has no option STRIP_OUTER_ARRAY"),
    ("03_file_formats.sql", "TYPE = XML", "TYPE = XLM", "no documented form"),
    ("04_stages.sql", "AUTO_REFRESH = TRUE)", "AUTO_REFRESH = YES)", "AUTO_REFRESH cannot be YES"),
    ("04_stages.sql", "(ENABLE = TRUE AUTO_REFRESH = TRUE)", "(AUTO_REFRESH = TRUE)", "DIRECTORY must have"),
    ("07_copy.sql", "METADATA$FILE_ROW_NUMBER", "METADATA$ROW_NUMBER", "no documented form"),
    ("07_copy.sql", "(FORMAT_NAME = 'events_xml_format')", "(FORMAT = 'events_xml_format')", "no option FORMAT"),
    ("07_copy.sql", "ON_ERROR = SKIP_FILE", "ON_ERROR = SKIP", "ON_ERROR cannot be SKIP"),
    ("08_pipes.sql", "AUTO_INGEST = TRUE", "AUTO_INGEST = TRUE AUTO_INGEST = TRUE", "each once"),
    ("08_pipes.sql", "ON_ERROR = SKIP_FILE", "ON_ERROR = ABORT_STATEMENT", "in a pipe: ON_ERROR cannot be ABORT_STATEMENT"),
    ("08_pipes.sql", "ERROR_INTEGRATION =", "ERROR_INTEGRATIONS =", "no option ERROR_INTEGRATIONS"),
    ("08_pipes.sql", "DIRECTION = OUTBOUND", "DIRECTION = OUT", "DIRECTION cannot be OUT"),
    ("17_privacy.sql", "SET MASKING POLICY", "SET MASK POLICY", "no documented form"),
    ("90_teardown.sql", "DROP PIPE IF EXISTS", "DROP PIPES IF EXISTS", "no documented form"),
]


def test_a_mistake_in_a_statement_is_found(_):
    for name, right, wrong, said in MISTAKES:
        statement = next(statement for statement in statements(SQL / name) if right in statement)
        try:
            DOCUMENTATION.read(statement.replace(right, wrong, 1))
        except Undocumented as found:
            assert said in str(found), f"{wrong}: {found}"
        else:
            raise AssertionError(f"nothing found in {name} with {wrong}")


def test_each_file_tells_what_was_executed_and_its_sources(_):
    for path in FILES:
        head = re.match(r"(--.*\n)+", path.read_text())
        assert head, f"{path.name} does not begin with a comment"
        assert re.search(r"^-- Executed: .+(\n-- .+)*\n-- Sources: docs\.snowflake\.com, .+", head[0], re.MULTILINE), path.name


def test_files_are_numbered_without_gaps(_):
    numbers = [int(path.name[:2]) for path in NUMBERED]
    assert numbers == [*range(1, len(SETUP) + 1), 90], numbers


def referred_to(statement, tables, functions):
    """The names of all objects that a statement needs."""
    queries = " ".join(queries_of(statement))
    names = parts_of(statement, "name", "quoted name")
    names += [table for table in tables if not table.startswith(("SNOWFLAKE.", "INFORMATION_SCHEMA."))]
    names += re.findall(r"@([\w.]+)", re.sub(STRING, "", queries))
    names += re.findall(r"(?:SYSTEM\$\w+\(|IS_ROLE_IN_SESSION\(|TABLE_NAME => )'([\w.]+)'", queries)
    return {plain(name) for name in names} | {name for name in functions if re.search(rf"\b{name}\(", queries)}


def test_objects_are_made_before_they_are_used(_):
    setup = read(SETUP)
    functions = {plain(parts_of(statement, "new")[0]) for statement in setup if statement.kind == "CREATE FUNCTION"}
    queries = [queries_of(statement) for statement in setup]
    answers = iter(parsed([query for some in queries for query in some]))
    made = {"useradmin", "sysadmin", "accountadmin"}
    for statement, some in zip(setup, queries):
        tables = [table for _ in some for table in next(answers).get("tables", [])]
        missing = referred_to(statement, tables, functions) - made
        assert not missing, f"{sorted(missing)} did not exist yet: {statement.text}"
        made |= {plain(name) for name in parts_of(statement, "new")}


def test_objects_are_made_by_roles_that_may(_):
    role = None
    for path in SETUP:
        for statement in read([path]):
            if statement.text.startswith("USE ROLE "):
                (role,) = parts_of(statement, "name")
            for name in parts_of(statement, "new"):
                assert role == MAKERS.get(statement.kind, LOADER), f"{role} makes {name}"
        assert role == LOADER, f"{path.name} ends as {role}"


def test_all_that_is_made_is_dropped(_):
    """What does not lie in the database by name, and in an order in which nothing is dropped that something else needs."""
    dropped = [(statement.kind, plain(name)) for statement in read([TEARDOWN]) for name in parts_of(statement, "old")]
    names = {name for _, name in dropped}
    for statement in read(SETUP):
        if statement.kind in MAKERS or statement.kind == "CREATE PIPE":
            (name,) = parts_of(statement, "new")
            assert plain(name) in names, f"nobody drops {name}"
    order = [kind for kind, _ in itertools.groupby(kind for kind, _ in dropped)]
    assert order == ["DROP PIPE", "DROP DATABASE", "DROP WAREHOUSE", "DROP INTEGRATION", "DROP ROLE"], order


def test_the_documented_sed_replaces_every_placeholder(site):
    for path in FILES:
        text = path.read_text()
        assert set(re.findall(r"s3://([^/'`\s]+)/", text)) <= {"my-bucket"}, path.name
        for region, account in re.findall(r"arn:aws:\w+:([^:]*):([^:]*)", text):
            assert region in ("", "eu-central-1") and account == "123456789012", path.name
        assert set(re.findall(r"[\w.]+@[\w.]+[.]\w+", text)) <= {"oncall@example.com"}, path.name
    copy = pathlib.Path(shutil.copytree(SQL, site.directory / "sql"))
    command, = re.findall(r"^--   (sed -i .*)$", (SQL / "01_database.sql").read_text(), re.MULTILINE)
    for mine, yours in zip(("BUCKET", "ACCOUNT", "REGION", "MAIL"), PLACEHOLDERS.values()):
        assert mine in command
        command = command.replace(mine, yours)
    subprocess.run(["sh", "-c", command], cwd=copy, check=True)
    replaced = [copy / path.relative_to(SQL) for path in FILES]
    for path in replaced:
        left = [placeholder for placeholder in PLACEHOLDERS if placeholder in path.read_text()]
        assert not left, f"{path.name} still has {left}"
    assert read(replaced)


@functools.cache
def urls_of_stages():
    return {plain(parts_of(statement, "new")[0]): statement.options["URL"].strip("'")
            for statement in read(SETUP) if statement.kind == "CREATE STAGE, external"}


@functools.cache
def loads_of(name):
    """What the file's statements load: [(the stage's URL, pattern, (table, file format))]."""
    loads = [statement for statement in read([SQL / name]) if "FORMAT_NAME" in statement.options]
    names = [[plain(name) for name in parts_of(statement, "name", "quoted name")[-3:]] for statement in loads]
    return [(urls_of_stages()[stage], statement.options["PATTERN"].strip("'"), (table, file_format))
            for statement, (table, stage, file_format) in zip(loads, names)]


def loaded(name, key):
    """[(table, file format)] for each statement of the file that takes the object."""
    location, rows = f"s3://my-bucket/{key}", []
    for url, pattern, target in loads_of(name):
        if location.startswith(url):
            # COPY compares the whole location, a pipe what follows the stage's URL.
            whole, rest = (bool(re.fullmatch(pattern, text)) for text in (location, location.removeprefix(url)))
            assert whole == rest, f"{pattern} means two things for {key}"
            rows += [target] * whole
    return rows


def test_each_object_is_loaded_once_with_its_format(_):
    for folder, repetition, ending, loader in itertools.product(("", "2026/11/21/", "dt=2026-11-21/"), ("", "-r2", "-r12"),
                                                                ("", ".gz"), LOADERS):
        name = f"xml-events/{folder}{NAME}{repetition}"
        for kind in FORMATS:
            key = f"{name}.{kind}{ending}"
            assert loaded(loader, key) == [("raw_events", f"events_{kind}_format")], (loader, key)
            assert PATTERN.fullmatch(key), key
        key = f"rejected/{name}.ndjson{ending}"
        assert loaded(loader, key) == [("raw_rejects", "events_ndjson_format")], (loader, key)


def test_nothing_else_is_loaded(_):
    for loader, key in itertools.product(LOADERS, NO_OBJECTS):
        assert loaded(loader, key) == [], (loader, key)


def test_stages_do_not_overlap(_):
    """Nothing lies in two of them: not a reject among events, and not a status document among either."""
    urls = sorted(urls_of_stages().values())
    assert len(urls) == 3 and not any(one != other and one.startswith(other) for one in urls for other in urls), urls


def test_the_listing_shows_what_is_loaded(_):
    listing, = [statement for statement in read(SETUP) if statement.kind == "LIST"]
    assert listing.options["PATTERN"] == f"'{PATTERN.pattern}'"


def kinds_of(name, *kinds):
    return [statement for statement in read([SQL / name]) if statement.kind in kinds]


def test_columns_that_name_a_person_are_left_out_and_masked_alike(_):
    view, = kinds_of("17_privacy.sql", "CREATE VIEW")
    left_out = re.search(r"EXCLUDE \((.*)\)", view.text)[1].split(", ")
    assert [parts_of(statement, "word")[0] for statement in kinds_of("17_privacy.sql", "ALTER VIEW, MASKING POLICY")] == left_out
    columns = {row["column"] for row in csv.DictReader((ROOT / "tests/data/snowflake/fields.tsv").open(), delimiter="\t")}
    assert set(left_out) < columns


def test_a_forgotten_person_is_gone_and_the_rows_still_count(site):
    (site.directory / f"{NAME}.ndjson").write_text(
        """{"cn":"1","plasectrxIdentityDN":"cn=nobody"}\n{"cn":"2","plasectrxIdentityDN":"cn=somebody"}\n""")
    with contextlib.closing(Warehouse()) as warehouse:
        warehouse.load(site.directory, f"{NAME}.ndjson")
        warehouse.query("INSERT INTO events_merged SELECT * FROM events")
        setting, *requests = kinds_of("forget_person.sql", "SET", "UPDATE", "DELETE")
        assert len(requests) == 2
        for statement in requests:
            warehouse.query(statement.text.replace("$forgotten", parts_of(setting, "string")[0]))
        assert warehouse.value("SELECT COUNT(*) FROM raw_events") == "2"
        for table in ("events_typed", "events_merged", "events_without_persons"):
            assert warehouse.value(f"SELECT cn FROM {table}") == "2", table


def test_what_no_column_shows_of_a_forgotten_person_is_found_in_the_whole(site):
    """Where the uploader gave the event as its XML, where a field has another name, and in rejects."""
    events, rejects = f"{NAME.replace('0000000002', '0000000004')}.ndjson", f"{NAME}.ndjson"
    (site.directory / events).write_text(
        """{"#xml":"<EVENT><Name>Ng</Name></EVENT>"}\n{"plasectrxlname":"Ng"}\n{"cn":"3"}\n{"plasectrxLname[2]":"Ng"}\n""")
    (site.directory / rejects).write_text("""{"_id":"1","payload":"<EVENT><Name>Ng"}\n{"_id":"2","payload":"x"}\n""")
    searches = re.findall(r"^--     (UPDATE .*);$", (SQL / "forget_person.sql").read_text(), re.MULTILINE)
    assert len(searches) == 2
    with contextlib.closing(Warehouse()) as warehouse:
        warehouse.load(site.directory, events)
        warehouse.load(site.directory, rejects, table="raw_rejects")
        warehouse.query("INSERT INTO events_merged SELECT * FROM events")
        for search in searches:
            warehouse.query(search.replace("<the name>", "Ng"))
        (delete,) = kinds_of("forget_person.sql", "DELETE")
        warehouse.query(delete.text)
        assert warehouse.query("SELECT file_row_number FROM raw_events WHERE event IS NOT NULL") == [{"file_row_number": "3"}]
        assert warehouse.query("SELECT cn FROM events_merged") == [{"cn": "3"}]
        assert warehouse.query("SELECT id FROM rejects") == [{"id": "2"}]


def test_each_column_is_loaded_from_its_source(_):
    loads = [statement for statement in read(SETUP) if statement.kind in ("COPY INTO", "CREATE PIPE")]
    assert len(loads) >= 8
    for statement in loads:
        columns = parts_of(statement, "words")[0].split(", ")
        sources = re.search(r"\(\s*SELECT \$1,\s+(.*?)\s+FROM @", statement.text, re.DOTALL)[1]
        assert columns[1:] == re.sub(r"\s+|METADATA\$", "", sources).lower().split(","), statement.text


main(globals())
