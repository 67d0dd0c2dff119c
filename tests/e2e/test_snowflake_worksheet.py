"""The worksheet of sql/snowflake/: it is what `make worksheet` writes, and on DuckDB, with the samples loaded, it gives the
answers that docs/snowflake.md shows."""
import contextlib
import re
import subprocess

from support.environment import ROOT
from support.ledger import assert_keys_have_no_gap, spool
from support.sql.snowflake import translate
from support.sql.text import statements
from support.sql.warehouse import MAKES, SQL, Warehouse
from support.tap import main

SAMPLES = SQL / "samples"
PAGE = ROOT / "docs/snowflake.md"


def samples():
    return sorted(path.name for path in SAMPLES.iterdir())


def files_of(copy):
    """The samples that this COPY takes, by its own pattern."""
    pattern = re.search(r"PATTERN = '(.*)'", copy)[1]
    return [name for name in samples() if re.fullmatch(pattern, name)]


def answers_of_the_worksheet():
    """What each SELECT gives, in the order of the file, and the samples that were loaded before."""
    loaded, answers = [], []
    with contextlib.closing(Warehouse("none of the numbered files")) as warehouse:
        for statement in statements(SQL / "worksheet.sql"):
            if MAKES.match(statement):
                warehouse.db.run(translate(statement))
            elif statement.startswith("COPY INTO raw_events"):
                loaded += warehouse.load(SAMPLES, *files_of(statement))
            elif statement.startswith("SELECT"):
                answers.append(warehouse.query(statement))
    return loaded, answers


def rows_on_the_page(heading):
    """The table of the page that has these columns, as the rows of an answer: an empty cell is NULL."""
    names = [name.strip() for name in heading.split("|")]
    table = re.search(rf"^\| {re.escape(heading)} \|\n\|[ |-]+\|\n((?:\|.*\|\n)+)", PAGE.read_text(), re.MULTILINE)[1]
    return [dict(zip(names, (cell.strip().strip("`") or None for cell in line.strip("|").split("|")), strict=True))
            for line in table.splitlines()]


def test_the_worksheet_is_fresh(site):
    done = subprocess.run(["sh", "tools/worksheet.sh", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_worksheet_is_an_error(site):
    copy = site.directory / "sql/snowflake"
    subprocess.run(["cp", "-r", SQL.parent, site.directory], check=True)
    (copy / "05_tables.sql").write_text((copy / "05_tables.sql").read_text() + "-- one more line\n")
    done = subprocess.run(["sh", ROOT / "tools/worksheet.sh", "--check"], cwd=site.directory, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "+-- one more line" in done.stdout and "run `make worksheet`" in done.stderr


def test_the_worksheet_touches_nothing_but_its_own_database(site):
    text = (SQL / "worksheet.sql").read_text()
    assert not re.search(r"\beventspool\.acm\b|s3://|INTEGRATION = ", text)
    assert re.findall(r"^USE .*$", text, re.MULTILINE) == [
        "USE ROLE SYSADMIN;", "USE WAREHOUSE eventspool_trial_wh;", "USE SCHEMA eventspool_trial.acm;"]
    assert "DROP" not in "".join(statements(SQL / "worksheet.sql"))


def test_the_samples_are_one_spools_objects_in_each_format(site):
    keys = [f"xml-events/{name}" for name in samples()]
    assert_keys_have_no_gap(keys)
    assert len({spool(key) for key in keys}) == 1
    assert [name.partition(".")[2] for name in samples()] == ["xml", "json", "ndjson.gz"]


def test_the_worksheet_gives_the_answers_that_the_page_shows(site):
    loaded, (names, doors, objects) = answers_of_the_worksheet()
    assert sorted(loaded) == samples()
    assert sum(int(row["event_count"]) for row in names) == 48
    doors = [{**row, "last_happened_at": row["last_happened_at"][:19]} for row in doors]  # without the zone of the session
    assert len(doors) > 3 and doors == rows_on_the_page("source_name | times | last_happened_at"), doors
    assert objects == rows_on_the_page("object_key | promised | loaded"), objects


main(dict(globals()))
