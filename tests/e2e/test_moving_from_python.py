"""docs/moving-from-python.md: names are what the programs take and log; objects differ from those of before as it says; each
statement that it marks as run gives on DuckDB the answer behind it, on a sample that the real programs shipped."""
import contextlib
import datetime
import json
import re
import subprocess

from support.documents import marked_for
from support.environment import BIN, ROOT, SAMPLES, clean_environment
from support.sql.snowflake import translate
from support.sql.text import statements
from support.sql.warehouse import SQL, Warehouse
from support.tap import main
from support.waiting import wait_for
from s3_stub import Stub

PAGE = (ROOT / "docs/moving-from-python.md").read_text()
BLOCKS = marked_for(__file__)
ANSWERED = re.compile(r"^(SELECT [^;]*); -- (.*)$", re.MULTILINE)
EXISTING = ("PORT BUCKET_NAME PREFIX ROTATION_INTERVAL MAX_FILE_SIZE OUTPUT_FORMAT USE_DATE_FOLDERS PRETTY_PRINT_JSON "
            "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION").split()
NESTED = b'<door side="left"><name>North</name></door><note>first</note><note>second</note>'


def table(*header):
    """The rows of the one table with this header, cells without their backticks."""
    title = "| " + " | ".join(header) + " |"
    assert PAGE.count(title) == 1, title
    lines = PAGE.split(title)[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def word(cell):
    return cell.strip("`").replace("\\|", "|")


def block(step):
    return BLOCKS.take("docs/moving-from-python.md", step)


def all_sql():
    return BLOCKS.take_all("docs/moving-from-python.md", language="sql")


def defaults():
    """{name: default} of both programs' settings."""
    lines = [line.split("\t") for program in ("collector", "uploader") for line in
             subprocess.run([BIN / program, "--settings"], capture_output=True, text=True, check=True,
                            env=clean_environment()).stdout.splitlines()]
    return {line[1]: line[3] for line in lines}


def test_the_names_that_stay_are_settings_with_these_defaults(site):
    known = defaults()
    rows = {word(name): word(default) for name, default, _ in table("name", "default", "what to look at")}
    assert set(EXISTING) <= set(rows), set(EXISTING) - set(rows)
    for name, default in rows.items():
        assert known[name] in (default, "-" if not default else default), (name, known[name], default)


def test_an_environment_of_before_works_unchanged(site):
    """The whole environment at once, for both programs, as the file of an existing deployment gives it."""
    with contextlib.closing(Stub()) as stub:
        before = {"PORT": site.port, "BUCKET_NAME": stub.bucket, "PREFIX": "acm/events", "ROTATION_INTERVAL": "1",
                  "MAX_FILE_SIZE": "10485760", "OUTPUT_FORMAT": "json", "USE_DATE_FOLDERS": "true", "PRETTY_PRINT_JSON": "true",
                  "AWS_ACCESS_KEY_ID": "stubkey", "AWS_SECRET_ACCESS_KEY": "stubsecret", "AWS_REGION": stub.region,
                  "AWS_ENDPOINT_URL": f"http://127.0.0.1:{stub.port}"}
        assert set(EXISTING) <= set(before)
        programs = [site.collector(**before), site.uploader(**before)]
        site.send((SAMPLES / "02_local_grant.xml").read_bytes())
        site.wait_for_events(1)
        wait_for("the object", lambda: stub.objects)
        ((key, there),) = stub.objects.items()
        assert re.fullmatch(r"acm/events/\d{4}/\d\d/\d\d/\d{8}_\d{6}-[0-9a-f]{10}-0000000001-0000000001\.json", key), key
        (event,) = json.loads(there.body)
        assert event["plasectrxEventname"] == "Local grant"
        assert there.body.splitlines()[0] == b"[" and len(there.body.splitlines()) > 40, "each member has a line of its own"
        for program in programs:
            assert "unknown setting" not in program.log and "no longer needed" not in program.log, program.log


def test_each_retired_name_is_logged_as_the_page_says(site):
    rows = table("name", "what is logged as `why`")
    names = {re.match(r"`(\w+)`", name)[1]: word(why) for name, why in rows}
    assert len(names) == 4
    settings = {**dict.fromkeys(names, "1"), "RATE_LIMIT_ANYTHING": "1"}
    for program in (site.collector(**settings), site.uploader(**settings)):
        for name, why in {**names, "RATE_LIMIT_ANYTHING": names["RATE_LIMIT_PER_SECOND"]}.items():
            program.wait_for_log(f'{program.name} warn "this setting is no longer needed" name={name} why="{why}"')
        assert program.log.count("no longer needed") == len(settings)
    source = (ROOT / "common/names.c").read_text()
    retired = re.findall(r'\{"(\w+)", "', source.split("} retired[] = {")[1].split("};")[0])
    assert sorted(retired) == sorted("RATE_LIMIT_" if name.startswith("RATE_LIMIT_") else name for name in names)


def test_the_line_that_the_page_shows_is_logged(site):
    (shown,) = re.findall(r"^```text\n\S+ (.*)\n```$", PAGE, re.MULTILINE)
    site.collector(MAX_RETRIES="3").wait_for_log(shown)


def test_json_is_what_the_page_shows(site):
    """The third column is a part of what the uploader writes of the first."""
    rows = table("in the XML", "nested, as xmltodict gives it", "eventspool")
    assert len(rows) >= 5
    events = [word(xml) if word(xml).startswith("<EVENT>") else f"<EVENT>{word(xml)}</EVENT>" for xml, _, _ in rows]
    site.collector()
    site.send("".join(events).encode())
    site.wait_for_events(len(events))
    done = site.command("uploader", "flush", DESTINATION_DIR=site.objects, OUTPUT_FORMAT="ndjson", EVENT_METADATA="false")
    assert done.returncode == 0, done.stderr
    (stored,) = site.files()
    for (xml, _, shown), line in zip(rows, stored.read_text().splitlines(), strict=True):
        assert json.loads("{" + word(shown).strip("{}") + "}") == json.loads(line), (xml, shown, line)


def test_the_comparison_names_exactly_what_one_of_the_two_lacks(site):
    """The old program has lost the third event and has one that eventspool refuses; a repeated cn is counted, not merged."""
    events = [f"<EVENT><cn>{i:016x}</cn></EVENT>\n" for i in (1, 2, 2, 3, 4)]
    (site.directory / "old").mkdir()
    (site.directory / "old/events_1.xml").write_text("<EVENTS>\n" + "".join(events[:3]) + "</EVENTS>\n")
    (site.directory / "old/events_2.xml").write_text("<EVENTS>" + events[4] + "<EVENT><cn>bad</cn></EVEN></EVENTS>")
    site.collector()
    site.send("".join(events).encode() + b"<EVENT><cn>bad</cn></EVEN>")
    site.wait_for_events(5)
    typed = block("compare").replace("sudo sqlite3 /var/lib/eventspool/spool.db", "sqlite3 var/spool.db")  # as in a clone
    done = subprocess.run(["sh", "-ec", typed.replace("comm -13", "echo; comm -13")], cwd=site.directory,
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\n\n") == ["<cn>bad", f"\t<cn>{3:016x}\n".lstrip("\t")], done.stdout


def answered_statements():
    """(statement, its answer) of all blocks that are run."""
    return [pair for text in all_sql() for pair in ANSWERED.findall(text)]


def is_about_all_events(statement):
    return " FROM events " in statement


def read_by(statement):
    return "xml" if "XMLGET" in statement else "ndjson"


@contextlib.contextmanager
def shipped(site, output_format, *numbers):
    """The warehouse with the samples that the page names, the one that could not be read first."""
    badge = (SAMPLES / "06_invalid_card_format_raw_data.xml").read_bytes().replace(b"</EVENT>", NESTED + b"</EVENT>")
    site.collector()
    site.send(badge + (SAMPLES / "16_stream_ack_note_clear_same_cn.xml").read_bytes())
    site.wait_for_events(6)
    done = site.command("uploader", "flush", DESTINATION_DIR=site.objects, OUTPUT_FORMAT=output_format)
    assert done.returncode == 0, done.stderr
    with contextlib.closing(Warehouse(*numbers)) as warehouse:
        warehouse.load(site.objects / "xml-events")
        yield warehouse


def assert_answers_are_those_of_the_page(site, output_format):
    asked = [pair for pair in answered_statements() if read_by(pair[0]) == output_format]
    assert asked
    with shipped(site, output_format) as warehouse:
        for statement, answer in asked:
            condition = "" if is_about_all_events(statement) else " WHERE file_row_number = 1"
            given = warehouse.value(statement + condition)
            assert answer == ("NULL" if given is None else str(given)), f"{statement}: {given}"


def test_what_is_right_for_json_gives_what_the_page_says(site):
    assert len(answered_statements()) > 15
    assert_answers_are_those_of_the_page(site, "ndjson")


def test_what_is_right_for_xml_gives_what_the_page_says(site):
    assert_answers_are_those_of_the_page(site, "xml")


def nested(flat):
    """The event as the programs of before shipped it, in JSON as xmltodict makes it."""
    return json.dumps({"EVENT": flat}).replace("'", "''")


def test_both_kinds_of_json_are_read_side_by_side(site):
    (either,) = [statement for statement, _ in answered_statements() if "COALESCE" in statement]
    with shipped(site, "ndjson", "05", "06", "09", "10") as warehouse:
        warehouse.db.run(translate("CREATE TABLE old_events (event VARIANT)"))
        old = nested({"cn": "0007", "plasectrxEventname": "Local grant", "plasectrxSourcename": "Loading Dock North",
                      "plasectrxPaneldateUTC": "20250804140001Z"})
        warehouse.db.run(f"INSERT INTO old_events VALUES ('{old}')")
        warehouse.db.run(translate(block("both tables").strip().rstrip(";")))
        rows = warehouse.query("SELECT * FROM all_events")
        assert len(rows) == 7 and all(row["event_name"] for row in rows), rows
        (row,) = [row for row in rows if row["cn"] == "0007"]
        assert (row["event_name"], row["source_name"], row["happened_at_utc"]) == ("Local grant", "Loading Dock North",
                                                                                   "2025-08-04 14:00:01+00"), row
        assert warehouse.value(either.replace("raw_events", "old_events")) == "Local grant"


def test_every_statement_that_is_run_is_followed_by_its_answer(site):
    for text in all_sql():
        if not text.startswith("CREATE "):
            assert ANSWERED.sub("", text).strip() == "", text


def test_the_file_format_is_that_of_the_numbered_file(site):
    (shown,) = [text for text in all_sql() if text.startswith("CREATE FILE FORMAT")]
    assert shown.strip().rstrip(";") in statements(SQL / "03_file_formats.sql")


def test_an_id_that_looks_like_a_power_of_ten_would_be_one(site):
    assert f"{float('22257e111'):.4e}" == "2.2257e+115" and "`22257e111` is loaded as 2.2257e+115" in PAGE


def test_fourteen_digits_as_milliseconds_are_the_year_2608(site):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=20140610125028)
    assert moment.year == 2608 and "the year 2608" in PAGE
    with contextlib.closing(Warehouse("none")) as warehouse:
        assert warehouse.value("SELECT year(epoch_ms(20140610125028))") == "2608"


def test_a_plain_cast_fails_and_takes_all_rows_with_it(site):
    def times(function):
        return f"SELECT {function}(written AS TIMESTAMP) AS at FROM (VALUES ('2025-08-04 14:00:01'), ('20250804140001Z')) AS v (written)"

    with contextlib.closing(Warehouse("none")) as warehouse:
        try:
            warehouse.query(times("CAST"))
        except AssertionError as error:
            assert "20250804140001Z" in str(error)
        else:
            raise AssertionError("a cast has read what it cannot")
        assert [row["at"] for row in warehouse.query(times("TRY_CAST"))] == ["2025-08-04 14:00:01", None]


main(dict(globals()), at_once=2)
