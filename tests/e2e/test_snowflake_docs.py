"""docs/snowflake.md against what it describes: the columns, the files, the command, the statement, and the sums."""
import contextlib
import re
import subprocess

from support.documents import marked_for
from support.environment import ROOT
from support.ledger import first_id, last_id
from support.sql.acm_fields import FIELDS
from support.sql.warehouse import SQL, Warehouse
from support.tap import main

PAGE = (ROOT / "docs/snowflake.md").read_text()
BLOCKS = marked_for(__file__)
PLACEHOLDERS = ("my-bucket", "123456789012", "eu-central-1", "oncall@example.com")


def table(heading):
    """The rows of the one table with these columns, each as its cells."""
    (rows,) = re.findall(rf"^\| {re.escape(heading)} \|\n\|[ |-]+\|\n((?:\|.*\|\n)+)", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows.splitlines()]


def run_block(language):
    """The one block of this language that the page says this module runs."""
    return BLOCKS.take("docs/snowflake.md", language=language)


def names(rows):
    return [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]


def test_the_fields_are_those_of_the_table_of_fields(site):
    fields = [[f"`{field['column']}`", field["type"], f"`{field['element']}`", field["meaning"]] for field in FIELDS]
    assert table("column | type | element | meaning") == fields and len(fields) == 42


def test_the_columns_are_those_of_the_view_in_their_order(site):
    around, fields = names(table("column | type | value")), names(table("column | type | element | meaning"))
    with contextlib.closing(Warehouse()) as warehouse:
        columns = warehouse.db.run("SELECT column_name FROM duckdb_columns() WHERE table_name = 'events' ORDER BY column_index")
    cut = around.index("repetition") + 1
    assert around[:cut] + fields + around[cut:] == [row["column_name"] for row in columns]


def test_the_statement_of_the_page_runs(site):
    with contextlib.closing(Warehouse()) as warehouse:
        assert warehouse.query(run_block("sql").strip().rstrip(";")) == []


def test_every_numbered_file_and_every_question_is_described(site):
    described = {name for row in table("file | what it makes") for name in re.findall(r"`([\w.]+)`", row[0])}
    assert {path.name for path in SQL.glob("[0-9][0-9]_*.sql")} == described
    asked = {name for row in table("question | what it answers") for name in re.findall(r"/(\w+\.sql)\)", row[0])}
    assert {path.name for path in (SQL / "questions").glob("*.sql")} == asked


def test_the_command_puts_names_into_all_placeholders(site):
    subprocess.run(["cp", "-R", ROOT / "sql", site.directory], check=True)
    subprocess.run(["sh", "-eu"], input=run_block("sh"), text=True, cwd=site.directory, check=True, timeout=30)
    original = "".join(path.read_text() for path in SQL.rglob("*.sql"))
    changed = "".join(path.read_text() for path in (site.directory / "my-snowflake").rglob("*.sql"))
    for placeholder in PLACEHOLDERS:
        assert placeholder in original and placeholder not in changed, placeholder


def test_the_costs_of_an_interval_follow_from_the_prices(site):
    for interval, objects, put_usd, copy_credits in table(
            "ROTATION_INTERVAL | objects a day | PUT requests, USD a month | COPY after each object, credits a day"):
        assert int(objects) * int(interval) == 24 * 3600
        assert put_usd == f"{int(objects) * 30 * 0.005 / 1000:.3f}"
        assert copy_credits == f"{int(objects) * 60 / 3600:.1f}"


def bytes_of_an_event():
    """As the page says: {format: bytes}."""
    (row,) = [row for row in table("| NDJSON, JSON | XML") if row[0].startswith("bytes of an event")]
    return {"NDJSON": int(row[1].split()[0]), "XML": int(row[2].split()[0])}


def test_what_a_pipe_costs_follows_from_the_bytes_of_an_event(site):
    for events, output_format, gigabytes, credits in table("events a day | format | GB a month | credits a month"):
        size = int(events) * 30 * bytes_of_an_event()[output_format] / 1e9
        assert abs(float(gigabytes) / size - 1) < 0.01, (events, output_format, size)
        assert abs(float(credits) / (size * 0.0037) - 1) < 0.02, (events, output_format, size * 0.0037)


def test_the_bytes_of_an_event_are_those_of_objects(site):
    site.collector(NODE_ID="gate-7")
    for number, output_format in enumerate(("xml", "ndjson"), 1):
        site.send_events(1000)
        site.wait_for_events(1000 * number)
        done = site.command("uploader", "flush", DESTINATION_DIR=site.objects, OUTPUT_FORMAT=output_format)
        assert done.returncode == 0, done.stderr
        (key,) = [path for path in site.files() if path.suffix == f".{output_format}"]
        size = len(key.read_bytes()) / (last_id(str(key)) - first_id(str(key)) + 1)
        assert abs(size / bytes_of_an_event()[output_format.upper()] - 1) < 0.02, (output_format, size)


main(dict(globals()))
