"""The views of sql/snowflake/ on DuckDB, over objects of the real programs: each field of each event is as an independent
reader finds it in what was sent, and each event counts once, however often and in whatever order its objects were loaded.

VIEWS_EVENTS is the number of generated events, a multiple of 20.
"""
import base64
import contextlib
import csv
import re
import subprocess
import time

from support.environment import BIN, ROOT, clean_environment, size
from support.ledger import KEY
from support.sql.acm_fields import events_of
from support.sql.views import COLUMNS, IDENTITY, LOADED, TYPES, VALUES, assert_same, types_of
from support.sql.warehouse import Warehouse, quoted
from support.tap import main, tests_of
from support.waiting import wait_for
from s3_stub import Step, Stored, after_storing, giving_stub, hang, honest

EVENTS = size("VIEWS_EVENTS", 20000, 1000)
FIELDS_SQL = ROOT / "sql/snowflake/09_fields.sql"
with_stub = giving_stub(lambda site: site.collector())


def warehouse():
    return contextlib.closing(Warehouse("05", "06", "09", "10", "11"))


def flush(site, **settings):
    settings = settings if "BUCKET_NAME" in settings else {"DESTINATION_DIR": site.objects, **settings}
    done = site.command("uploader", "flush", **settings)
    assert done.returncode == 0, done.stderr


def ship_again(site):
    """All batches once more, under new keys."""
    done = site.command("uploader", "reship", "--since", "2020-01-01", "--new-keys", DESTINATION_DIR=site.objects)
    assert done.returncode == 0, done.stderr


def send(site, *events):
    site.wait_for_spool()
    count = site.value("SELECT last_event_id FROM _intake") + len(events)
    site.send(b"\n".join(events))
    site.wait_for_events(count)


def keys_of(site):
    return {str(path.relative_to(site.objects)) for path in site.objects.rglob("*-*") if path.is_file()}


# ---- each field of each event ----

# Shares of the events, and how they are shipped.
PORTIONS = (
    (0.2, {"OUTPUT_FORMAT": "ndjson", "EVENT_METADATA": "false"}),
    (0.4, {"OUTPUT_FORMAT": "ndjson", "COMPRESSION": "gzip", "USE_DATE_FOLDERS": "true"}),
    (0.05, {"OUTPUT_FORMAT": "xml", "COMPRESSION": "gzip", "USE_DATE_FOLDERS": "hive"}),
    (0.25, {"OUTPUT_FORMAT": "json", "USE_DATE_FOLDERS": "hive"}),
    (0.05, {"OUTPUT_FORMAT": "xml", "EVENT_METADATA": "true"}),
    (0.05, {"OUTPUT_FORMAT": "json", "PRETTY_PRINT_JSON": "true", "COMPRESSION": "gzip"}),
)
ANOTHER_SPOOL = 2  # from this portion on, whose ids begin with 1 again
TRAPS = {  # what misleads a careless reader, as acmsim sends it
    "1970 for none": rb"<plasectrxLastacc>19700101000000Z<",
    "a space before a number": rb"<plasectrxPointaddress> \d",
    "a negative number": rb"<plasectrxIssuelevel> -1<",
    "leading zeros": rb"<plasectrxCardno>0\d{5}",
    "an offset of three digits": rb"<plasectrxPaneldate>\d{14}-400<",
    "an offset to the east": rb"<plasectrxPaneldate>\d{14}\+0900<",
    "bytes beyond ASCII": rb"<plasectrxLname>[^<]*[\x80-\xff]",
    "a character reference": rb"<plasectrxEventname>[^<]*&#\d+;",
    "an entity": rb"<plasectrxSourcename>[^<]*&amp;",
    "an empty field": rb"<plasectrxMsg></plasectrxMsg>",
    "an empty tag": rb"<plasectrxMsg/>",
    "an event on several lines": rb"<EVENT>\n",
    "a true flag": rb"<plasectrxIsAlarm>1<",
}


def generated(count, seed):
    """The bytes that acmsim sends over one connection."""
    return subprocess.run([BIN / "acmsim", "--stdout", "--count", str(count), "--seed", str(seed)], check=True,
                          env=clean_environment(), capture_output=True).stdout


def ship_portions(site):
    """Sends and ships each portion under its settings. Yields its settings, the bytes sent and the keys of its objects."""
    collector = site.collector(NODE_ID="gate-7")
    for number, (share, settings) in enumerate(PORTIONS):
        if number == ANOTHER_SPOOL:
            collector.stop()
            site.spool.unlink()
            site.collector(NODE_ID="gate-7")
        site.wait_for_spool()
        count, before = round(EVENTS * share), keys_of(site)
        last = site.value("SELECT last_event_id FROM _intake") + count
        site.send_events(count, "--seed", number)
        site.wait_for_events(last)
        flush(site, MAX_FILE_SIZE="8M", **settings)
        yield settings, generated(count, number), sorted(keys_of(site) - before, key=lambda key: int(KEY.search(key)[4]))


def has_metadata(settings):
    """EVENT_METADATA is on for JSON and off for XML, unless it is set."""
    return settings.get("EVENT_METADATA", "false" if settings["OUTPUT_FORMAT"] == "xml" else "true") == "true"


def expected_rows(site, settings, stream, keys):
    """What `events` must show of a portion, but for when it was loaded; times as ISO 8601 writes them."""
    received = dict(site.query("SELECT id, received_at FROM events"))
    values = iter(events_of(stream))
    for key in keys:
        _, _, spool, first, last, *_ = KEY.search(key).groups()
        for number, each in enumerate(range(int(first), int(last) + 1), 1):
            metadata = [received[each], "127.0.0.1", "gate-7"] if has_metadata(settings) else [None] * 3
            yield [spool, each, *metadata, 1, *next(values), key, number]
    assert next(values, None) is None, "an event that was sent is in no object"


EXPECTED = {column: COLUMNS[column] for column in (*IDENTITY, *VALUES, "filename", "file_row_number")}


def make_expected(w, path):
    """The table `expected` with the rows of the file. What is empty there is NULL: no text is empty."""
    types = ", ".join(f"{column}: {quoted(TYPES[kind])}" for column, kind in EXPECTED.items())
    w.db.run(f"CREATE TABLE expected AS FROM read_csv({quoted(path)}, header = false, quote = '\"', columns = {{{types}}})")


def test_every_field_of_every_event_equals_what_was_sent(site):
    untried = dict(TRAPS)
    path = site.directory / "expected.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        for settings, stream, keys in ship_portions(site):
            csv.writer(file).writerows(expected_rows(site, settings, stream, keys))
            untried = {what: trap for what, trap in untried.items() if not re.search(trap, stream)}
    assert not untried, untried
    with warehouse() as w:
        assert set(w.load(site.objects)) == keys_of(site)
        make_expected(w, path)
        w.db.run("CREATE TABLE seen AS FROM events")
        assert_same(w, "seen", "expected", EXPECTED)
        (counts,) = w.query("SELECT COUNT(DISTINCT spool) AS spools, COUNT(file_last_modified) AS modified, "
                            "COUNT(start_scan_time) AS scanned FROM seen")
        assert counts == {"spools": "2", "modified": str(EVENTS), "scanned": str(EVENTS)}
    print(f"# {EVENTS} events, {EVENTS * len(EXPECTED)} fields compared")


# What acmsim does not send: an event, and all that the views show of its fields.
WRITTEN = (
    ("<EVENT/>", {}),
    ("<EVENT><cn>22257e1110000000</cn></EVENT>", {"cn": "22257e1110000000"}),
    ("<EVENT><plasectrxRecdate>20140610055028-700</plasectrxRecdate></EVENT>", {"recorded_at": "2014-06-10 12:50:28+00"}),
    ("<EVENT><plasectrxRecdate>20140610085028+0530</plasectrxRecdate></EVENT>", {"recorded_at": "2014-06-10 03:20:28+00"}),
    ("<EVENT><plasectrxIssuedat>\n 20140610125028Z\t</plasectrxIssuedat></EVENT>", {"issued_at": "2014-06-10 12:50:28+00"}),
    ("<EVENT><plasectrxLastacc>19691231160000-0800</plasectrxLastacc></EVENT>", {}),
    ("<EVENT><plasectrxLastacc>20140610</plasectrxLastacc></EVENT>", {}),
    ("<EVENT><plasectrxLastacc>2014061005502-0700</plasectrxLastacc></EVENT>", {}),
    ("<EVENT><plasectrxLastacc>20141310125028Z</plasectrxLastacc></EVENT>", {}),
    ("<EVENT><plasectrxPri> 007 </plasectrxPri></EVENT>", {"priority": "7"}),
    ("<EVENT><plasectrxPri>high</plasectrxPri></EVENT>", {}),
    ("<EVENT><plasectrxIsAlarm> 1\n</plasectrxIsAlarm></EVENT>", {"is_alarm": True}),
    ("<EVENT><plasectrxIsAlarm>2</plasectrxIsAlarm></EVENT>", {}),
    ("<EVENT><plasectrxCardno> 000123 </plasectrxCardno></EVENT>", {"card_number": "000123"}),
    ("<EVENT><plasectrxMsg><![CDATA[a <b> & c]]></plasectrxMsg></EVENT>", {"message": "a <b> & c"}),
    ("<EVENT><plasectrxMsg>&lt;&amp;&#233;&#x1F6AA;&quot;</plasectrxMsg></EVENT>", {"message": "<&é🚪\""}),
    ("<EVENT><plasectrxMsg>&#160;a\n  b&#160;</plasectrxMsg></EVENT>", {"message": "\u00a0a\n  b\u00a0"}),
    ("<EVENT><plasectrxMsg>\t \n</plasectrxMsg></EVENT>", {}),
    ("<EVENT><plasectrxMsg>a</plasectrxMsg><plasectrxMsg>b</plasectrxMsg></EVENT>", {"message": "a"}),
    ("<EVENT><plasectrxMsg/><plasectrxMsg>b</plasectrxMsg></EVENT>", {}),
    ("<EVENT><a><plasectrxMsg>nested</plasectrxMsg></a></EVENT>", {}),
    ("<EVENT><plasectrxMsg lang=\"en\">a</plasectrxMsg></EVENT>", {"message": "a"}),
    ("<EVENT><PlasectrxMsg>other case</PlasectrxMsg></EVENT>", {}),
    ("<EVENT _id=\"99\" _spool=\"b\"><_id>99</_id><_spool>b</_spool><_node>c</_node><cn>d</cn></EVENT>", {"cn": "d"}),
)
WAYS = ({"OUTPUT_FORMAT": "json"}, {"OUTPUT_FORMAT": "ndjson", "EVENT_METADATA": "false"},
        {"OUTPUT_FORMAT": "xml", "EVENT_METADATA": "true"}, {"OUTPUT_FORMAT": "xml"})


def test_what_acmsim_does_not_send_is_read_alike_in_every_format(site):
    site.collector()
    for settings in WAYS:
        send(site, *(event.encode() for event, _ in WRITTEN))
        flush(site, **settings)
    with warehouse() as w:
        w.load(site.objects)
        rows = w.query("SELECT * FROM events ORDER BY id")
    assert [int(row["id"]) for row in rows] == list(range(1, len(WAYS) * len(WRITTEN) + 1))
    for number, row in enumerate(rows):
        (settings, (event, expected)) = WAYS[number // len(WRITTEN)], WRITTEN[number % len(WRITTEN)]
        assert {column: row[column] for column in VALUES if row[column] is not None} == expected, (settings, event, row)
        assert (row["received_at"] is not None) == (row["node"] is not None) == has_metadata(settings), (settings, event)


def test_fields_of_other_feeds_are_read_as_the_file_says(site):
    site.collector()
    send(site, b'<EVENT a="1"><f>2</f><f>3</f><n><k q="4">5</k></n></EVENT>')
    flush(site, OUTPUT_FORMAT="json", PREFIX="json/")
    send(site, b'<EVENT a="1"><f>2</f><f>3</f><n><k q="4">5</k></n></EVENT>')
    flush(site, OUTPUT_FORMAT="xml", PREFIX="xml/")
    examples = re.findall(r"--   (\S.*?) {2,}(event:.*?) {2,}(GET.*)", FIELDS_SQL.read_text(encoding="utf-8"))
    assert len(examples) == 4
    with warehouse() as w:
        w.load(site.objects)
        for (what, *expressions), expected in zip(examples, ("3", "5", "1", "4")):
            for form, expression in zip(("json", "xml"), expressions):
                found = w.value(f"SELECT {expression} FROM raw_events WHERE object_format(filename) = '{form}'")
                assert found == expected, (what, expression, found)


def test_an_event_without_fields_of_its_own_has_its_row(site):
    """The uploader gives what would be much longer than its XML as one member `#xml`. A deletion request empties a row."""
    site.collector()
    deep = b"<abcdefgh>" * 60 + b"<k/>" * 100 + b"</abcdefgh>" * 60
    send(site, b"<EVENT><cn>1</cn></EVENT>", b"<EVENT>" + deep + b"</EVENT>", b"<EVENT><cn>3</cn></EVENT>")
    flush(site, OUTPUT_FORMAT="ndjson")
    (find,) = re.findall(r"--   (SELECT .*#xml.*);", FIELDS_SQL.read_text(encoding="utf-8"))
    with warehouse() as w:
        w.load(site.objects)
        assert [row["file_row_number"] for row in w.query(find)] == ["2"]
        w.query("UPDATE raw_events SET event = NULL WHERE file_row_number = 3")
        assert w.query("SELECT id, cn FROM events ORDER BY id") == [{"id": "1", "cn": "1"}, {"id": "2", "cn": None}]


def test_every_view_has_all_columns_with_their_types_in_the_order_of_the_table(site):
    typed = {column: TYPES[kind] for column, kind in COLUMNS.items()}
    with warehouse() as w:
        for view in ("events_typed", "events"):
            assert list(types_of(w, view).items()) == list(typed.items()), view
        texts = {**typed, **dict.fromkeys([*VALUES, "received_at"], TYPES["text"])}
        for view in ("event_fields_json", "event_fields_xml"):
            assert list(types_of(w, view).items()) == list(texts.items()), view


# ---- each event once ----

def counted(w):
    """{id: [(cn, repetition)]} of the view."""
    found = {}
    for row in w.query("SELECT id, cn, repetition FROM events ORDER BY id, cn"):
        found.setdefault(int(row["id"]), []).append((row["cn"], int(row["repetition"])))
    return found


def assert_counted_in_any_order(root, keys, expected):
    """Loaded in this order and in the other one, and all of it twice."""
    with warehouse() as w:
        for order in (keys, keys[::-1]):
            w.db.run("DELETE FROM raw_events")
            for key in order * 2:
                assert w.load(root, key) == [key]
            assert counted(w) == expected, order


def write_objects(stub, root):
    """What the store holds, as files. Returns the keys."""
    for key, there in stub.objects.items():
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(there.body)
    return sorted(stub.objects)


def test_what_was_sent_again_under_new_keys_counts_once(site):
    site.collector()
    for settings in ({"OUTPUT_FORMAT": "ndjson"}, {"OUTPUT_FORMAT": "xml"}):
        send(site, *(b"<EVENT><cn>%d</cn></EVENT>" % number for number in range(5)))
        flush(site, **settings)
    ship_again(site)
    keys = sorted(keys_of(site))
    assert len(keys) == 4 and sum("-r2." in key for key in keys) == 2, keys
    assert_counted_in_any_order(site.objects, keys, {n: [(str((n - 1) % 5), 2)] for n in range(1, 11)})


@with_stub
def test_what_was_sealed_anew_in_parts_counts_once(site, stub):
    send(site, *(b"<EVENT><cn>%d</cn><x>%s</x></EVENT>" % (number, b"x" * 600) for number in range(6)))
    stub.set_script(Step("PUT", after_storing(hang)))
    uploader = site.uploader(**stub.settings())
    wait_for("the object to be stored", lambda: stub.objects)
    uploader.kill()
    stub.set_script()
    settings = stub.settings(MAX_FILE_SIZE=2048)
    done = site.command("uploader", "resolve", "--batch", "1", "--as", "reseal", "--yes", **settings)
    assert done.returncode == 0, done.stderr
    flush(site, **settings)
    keys = write_objects(stub, site.objects)
    assert len(keys) > 2 and sum("-r2." in key for key in keys) == len(keys) - 1, keys
    assert_counted_in_any_order(site.objects, keys, {n: [(str(n - 1), 2)] for n in range(1, 7)})


@with_stub
def test_an_object_of_somebody_else_under_our_key_counts_until_ours_is_there(site, stub):
    """It has five rows where ours has three: the two that no id belongs to are never shown."""
    theirs = b"".join(b'{"_spool":"ffffffffff","_id":"%d","cn":"theirs"}\n' % number for number in range(1, 6))

    def was_faster(stub, request):
        stub.shelf(request)[request.key] = Stored(theirs, "0" * 32, "0" * 64)
        return honest(stub, request)

    stub.set_script(Step("PUT", was_faster))
    send(site, *[b"<EVENT><cn>ours</cn></EVENT>"] * 3)
    flush(site, **stub.settings(OUTPUT_FORMAT="ndjson"))
    keys = write_objects(stub, site.objects)
    assert len(keys) == 2 and "-r2." in keys[0], keys
    assert_counted_in_any_order(site.objects, keys[1:], {n: [("theirs", 1)] for n in (1, 2, 3)})
    assert_counted_in_any_order(site.objects, keys, {n: [("ours", 2)] for n in (1, 2, 3)})


def test_an_object_whose_name_has_too_long_numbers_has_no_events_and_hinders_none(site):
    """Somebody else's: its numbers fit in no column."""
    site.objects.mkdir()
    for numbers in (f"{1:010}-{1:010}", f"{1:040}-{10 ** 39}", f"{1:010}-{1:010}-r{10 ** 39}"):
        (site.objects / f"20261121_233455-f16eb27301-{numbers}.ndjson").write_text('{"cn":"1"}\n')
    with warehouse() as w:
        assert len(w.load(site.objects)) == 3
        assert counted(w) == {1: [("1", 1)]}


def live(site, name, **settings):
    """A life of the spool: two events come, and all that waits is shipped."""
    collector = site.collector()
    send(site, *[b"<EVENT><cn>%s</cn></EVENT>" % name] * 2)
    flush(site, **settings)
    return collector


def check_set_back(site, metadata, of_both_lives):
    """Ids 1 and 2 were shipped before the snapshot of the machine, 3 and 4 waited, and 5 and 6 are given in both lives."""
    settings = {"OUTPUT_FORMAT": "ndjson", "EVENT_METADATA": metadata}
    collector = live(site, b"shipped", **settings)
    send(site, *[b"<EVENT><cn>waiting</cn></EVENT>"] * 2)
    collector.stop()
    assert not site.spool.with_name("spool.db-wal").exists()
    snapshot = site.spool.read_bytes()
    live(site, b"first life", **settings).stop()
    shipped_at = max(KEY.search(key)[2] for key in keys_of(site))
    with open(site.spool, "r+b") as spool:  # the file itself is the same one, as after the restore of a machine
        spool.write(snapshot)
        spool.truncate()
    wait_for("the next second: a key names it", lambda: time.strftime("%Y%m%d_%H%M%S", time.gmtime()) > shipped_at)
    live(site, b"second life", **settings).stop()
    keys = sorted(keys_of(site))
    assert [KEY.search(key).group(4, 5) for key in keys] == [(f"{1:010}", f"{2:010}")] + [(f"{3:010}", f"{6:010}")] * 2
    assert len({KEY.search(key)[3] for key in keys}) == 1, "one name"
    both = [(name, 1) for name in of_both_lives]
    assert_counted_in_any_order(site.objects, keys, {
        1: [("shipped", 1)], 2: [("shipped", 1)], 3: [("waiting", 1)], 4: [("waiting", 1)], 5: both, 6: both})


globals().update(tests_of(check_set_back, {
    "ids_given_twice_by_a_spool_that_was_set_back_are_two_events_with_metadata": ("true", ("first life", "second life")),
    "ids_given_twice_by_a_spool_that_was_set_back_are_one_event_without_metadata": ("false", ("first life",)),
}))


def test_events_of_verify_are_left_out(site):
    site.collector()
    site.send_events(3, "--sender", "cn=eventspool-test")
    site.send_events(2)
    site.wait_for_events(5)
    flush(site, OUTPUT_FORMAT="json")
    with warehouse() as w:
        w.load(site.objects)
        assert w.value("SELECT COUNT(*) FROM events_typed") == "5"
        assert sorted(counted(w)) == [4, 5]


# ---- rejects ----

REJECTS = {"spool": "text", "id": "number", "received_at": "time", "source_address": "text", "reason": "text",
           "detail": "text", "bytes": "number", "is_truncated": "flag", "payload": "text", "payload_base64": "text",
           "repetition": "number", **LOADED}


def expected_reject(number, received_at, source, reason, detail, size, truncated, payload):
    """As the view shows it, from the row of the spool's own view."""
    moment = received_at.replace("T", " ").rstrip("0Z").rstrip(".") + "+00"
    try:
        payloads = payload.decode(), None
    except UnicodeDecodeError:
        payloads = None, base64.b64encode(payload).decode()
    return [str(number), moment, source, reason, detail, str(size), bool(truncated), *payloads, "2"]


def test_rejects_are_those_of_the_spool_each_once(site):
    collector = site.collector(MAX_MESSAGE_SIZE="4096")
    site.wait_for_spool()
    for sent in (b"no event", b"\xff\xfe\xfd no UTF-8", b"<EVENT><cn>1", b"<EVENT>" + b"x" * 10000 + b"</EVENT>"):
        count = site.value("SELECT last_reject_id FROM _intake")
        site.send(sent)
        wait_for("the reject", lambda: site.value("SELECT last_reject_id FROM _intake") > count)
    collector.stop()
    flush(site)
    ship_again(site)
    expected = [expected_reject(*row) for row in site.query(
        "SELECT id, received_at, source, reason, detail, bytes, truncated, CAST(payload AS BLOB) FROM rejects ORDER BY id")]
    assert {row[6] for row in expected} == {True, False} and any(row[8] for row in expected)
    with warehouse() as w:
        for _ in range(2):
            assert len(w.load(site.objects, table="raw_rejects")) == 2
        rows = w.query("SELECT * FROM rejects ORDER BY id")
        assert list(types_of(w, "rejects").items()) == [(column, TYPES[kind]) for column, kind in REJECTS.items()]
    assert [list(row.values())[1:11] for row in rows] == expected
    assert {row["spool"] for row in rows} == {KEY.search(key)[3] for key in keys_of(site)}


main(dict(globals()), at_once=3)
