"""sql/snowflake/15_completeness.sql on what the real programs put into a bucket, and on their status documents: each state
made on purpose, and named with exactly its ids. Ages are made by the clock that the warehouse is given. And what
16_check_completeness.sql tells of it.

Random worlds are in test_snowflake_completeness_worlds.py.
"""
import contextlib
import datetime
import json
import pathlib
import re
import shutil
import sqlite3
import tempfile

from s3_stub import ALWAYS, Step, after_storing, hang, honest, page, someone_was_faster
from shipping import worlds
from support.beside import Beside
from support.documents import marked_for
from support.ledger import KEY
from support.site import Site
from support.sql.text import split, statements
from support.sql.warehouse import COMPLETENESS, SQL, Warehouse, quoted
from support.tap import main
from support.waiting import wait_for

BLOCKS = marked_for(__file__)

beside = Beside(4)
COLLECTOR = {"NODE_ID": "gate-7"}
DOCUMENT = "status/gate-7.json"
# Two events of 512 bytes are due together; one alone stays pending.
world = worlds(beside, ROTATION_INTERVAL=3600, UPLOAD_CONCURRENCY=6, OUTPUT_FORMAT="ndjson", STATUS_PREFIX="status/")
TOO_LARGE = page(413)
SPOOL = "7f3a9c21d4"
BASE = datetime.datetime(2031, 5, 4, 12, 0, 0, tzinfo=datetime.timezone.utc)
LATER = BASE + datetime.timedelta(days=2)


def after(**time):
    return BASE + datetime.timedelta(**time)


def by_first_id(behaviours):
    """What the store does with the objects that begin with these ids; a second object over them it takes."""
    def act(stub, request):
        match = KEY.match(request.key)
        return (behaviours.get(int(match[4]), honest) if match and "-r" not in request.key else honest)(stub, request)
    return Step("PUT", act, times=ALWAYS, prefix="xml-events/")


class Bucket:
    """What came into the bucket, each object 20 minutes after the one before it, what of it is loaded, and the documents."""

    def __init__(self, stub):
        with stub.lock:
            keys = sorted(key for key in stub.objects if KEY.match(key))
            self.bodies = {key: stub.objects[key].body for key in keys}
        self.came_at = {key: after(minutes=20 * i) for i, key in enumerate(keys)}
        self.listed, self.loaded = set(keys), set(keys)
        self.cut_short = {}     # key: how many of its rows were loaded
        self.documents = []     # (put_at, text)
        self.starts = {}

    def key(self, first_id, is_second=False):
        (key,) = [key for key in self.bodies if f"-{first_id:010d}-" in key and ("-r2." in key) == is_second]
        return key

    def look(self, now):
        """Asks the views, `now` being the time."""
        with contextlib.closing(Warehouse(*COMPLETENESS)) as warehouse, \
                tempfile.TemporaryDirectory(prefix="eventspool-") as root:
            warehouse.set_clock(now)
            for key in sorted(self.loaded):
                path = pathlib.Path(root) / key
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(self.bodies[key])
                warehouse.load(root, key, modified=self.came_at[key])
            for key, rows in self.cut_short.items():
                warehouse.db.run(f"DELETE FROM raw_events WHERE filename = {quoted(key)} AND file_row_number > {rows}")
            warehouse.list_stage({key.removeprefix("xml-events/"): self.came_at[key] for key in self.listed})
            for put_at, text in self.documents:
                path = pathlib.Path(root) / "document.json"
                path.write_text(text)
                warehouse.load_status(path, DOCUMENT, put_at)
            for spool, first_id in self.starts.items():
                warehouse.db.run(f"INSERT INTO completeness_starts VALUES ({quoted(spool)}, {first_id})")
            self.rows, self.faults = (warehouse.query(f"SELECT * FROM {view} ORDER BY spool, first_id")
                                      for view in ("completeness", "completeness_faults"))
            self.nodes = warehouse.query("SELECT * FROM nodes")
        named = [{name: value for name, value in row.items() if name != "remedy"} for row in self.faults]
        assert named == [row for row in self.rows if row["state"] in ("not_loaded", "missing")], self.faults

    def states(self, now, spool=None):
        """{(first id, last id): state}"""
        self.look(now)
        return {(int(row["first_id"]), int(row["last_id"])): row["state"] for row in self.rows if spool in (None, row["spool"])}

    def row(self, first_id):
        (row,) = [row for row in self.rows if int(row["first_id"]) == first_id]
        return row


def document_of(stub, condition):
    """The next status document that is as wanted."""
    def there():
        with stub.lock:
            text = stub.objects[DOCUMENT].body.decode() if DOCUMENT in stub.objects else ""
        return text if text and condition(json.loads(text)) else None
    return wait_for("the status document", there)


def send_pairs(world, count):
    for _ in range(count):
        world.send(2, 512)


def wait_for_object(world, first_id, ending):
    wait_for("an object", lambda: [key for key in list(world.stub.kept)
                                   if f"-{first_id:010d}-" in key and key.endswith(ending)])


def resolve(world, first_id, word):
    number = world.site.value("SELECT id FROM batches WHERE first_id = ? AND kind = 'events' ORDER BY id LIMIT 1", first_id)
    done = world.command("resolve", "--batch", str(number), "--as", word, "--yes")
    assert done.returncode == 0, done


# ---- each state ----

EACH_STATE = {(1, 4): "loaded", (5, 6): "blocked", (7, 8): "abandoned", (9, 14): "loaded", (15, 16): "on_its_way",
              (17, 17): "on_its_way"}


def make_each_state(world):
    """The last batch is in flight, and an event waits for its batch."""
    world.start(by_first_id({5: TOO_LARGE, 7: TOO_LARGE}))
    send_pairs(world, 7)
    world.wait_for_shipped(10, 60)
    wait_for("two blocked batches", lambda: world.blocked() == 2)
    resolve(world, 7, "abandoned")
    world.uploader.kill()
    send_pairs(world, 1)
    world.send(1, 512)
    world.start(by_first_id({5: TOO_LARGE, 15: hang}))
    return document_of(world.stub, lambda document:
                       [entry["state"] for entry in document["open_ranges"]] == ["blocked", "sealed", "pending"])


@world(collector=COLLECTOR)
def test_each_state_and_each_fault_is_named(world):
    text = make_each_state(world)
    bucket = Bucket(world.stub)
    bucket.documents = [(after(minutes=100), text)]
    assert bucket.states(after(minutes=105)) == EACH_STATE
    assert [bucket.row(i)["name"] and KEY.match(f"/{bucket.row(i)['name']}")[4] for i in (5, 7, 15, 17)] == [
        "0000000005", "0000000007", "0000000015", None], bucket.rows
    assert bucket.row(5)["detail"] == "the store refuses it, and a person is needed", bucket.rows

    # Days later nothing else is said, whether the documents have ended with the site or go on.
    assert bucket.states(LATER) == EACH_STATE
    assert bucket.row(5)["detail"].endswith("; the status document is older than 15 minutes"), bucket.rows
    (node,) = bucket.nodes
    assert (node["node"], node["is_silent"], node["received"], node["shipped"]) == ("gate-7", True, "17", "10"), node
    bucket.documents.append((LATER - datetime.timedelta(minutes=1), text))
    assert bucket.states(LATER) == EACH_STATE and not bucket.nodes[0]["is_silent"], bucket.rows

    plant_faults(bucket)
    check_a_spool_with_few_documents(world, text)


def plant_faults(bucket):
    """Objects are deleted, in the middle and at the end, not loaded, and loaded in part; one was deleted after it was loaded."""
    bucket.listed -= {bucket.key(1), bucket.key(3), bucket.key(13)}
    bucket.loaded -= {bucket.key(3), bucket.key(9), bucket.key(13)}
    bucket.cut_short = {bucket.key(11): 1}
    assert bucket.states(LATER) == {
        (1, 2): "loaded", (3, 4): "missing", (5, 6): "blocked", (7, 8): "abandoned", (9, 10): "not_loaded",
        (11, 12): "not_loaded", (13, 14): "missing", (15, 16): "on_its_way", (17, 17): "on_its_way"}
    assert bucket.row(9)["name"] in bucket.key(9) and "0 of its 2 events" in bucket.row(9)["detail"], bucket.rows
    assert bucket.row(11)["name"] in bucket.key(11) and "1 of its 2 events" in bucket.row(11)["detail"], bucket.rows
    assert "status document" in bucket.row(13)["detail"], bucket.rows
    # What was deleted on purpose is left out, and everything was young once.
    bucket.starts = {bucket.rows[0]["spool"]: 13}
    assert bucket.states(LATER) == {(13, 14): "missing", (15, 16): "on_its_way", (17, 17): "on_its_way"}
    bucket.starts, bucket.documents = {}, bucket.documents[:1]
    assert not {"missing", "not_loaded"} & set(bucket.states(after(minutes=119)).values()), bucket.rows


def check_a_spool_with_few_documents(world, text):
    """A hole is on its way until an object with higher ids has been there for two hours, also where no other follows."""
    bucket = Bucket(world.stub)
    assert bucket.states(after(minutes=159)) == {(1, 4): "loaded", (5, 8): "on_its_way", (9, 14): "loaded"}
    assert bucket.states(after(minutes=161)) == {(1, 4): "loaded", (5, 8): "missing", (9, 14): "loaded"}
    assert "objects with higher ids" in bucket.row(5)["detail"], bucket.rows
    for gone in (bucket.listed, bucket.loaded):
        gone -= {bucket.key(1), bucket.key(9), bucket.key(11)}
    assert bucket.states(LATER) == {(1, 2): "missing", (3, 4): "loaded", (5, 12): "missing", (13, 14): "loaded"}
    bucket.loaded |= {bucket.key(9), bucket.key(11)}
    document = json.loads(text)
    document["open_ranges"] = [entry for entry in document["open_ranges"] if entry["first_id"] > 14]
    bucket.documents = [(LATER, json.dumps(document))]
    assert bucket.states(LATER) == {
        (1, 2): "missing", (3, 4): "loaded", (5, 6): "missing", (7, 8): "abandoned", (9, 14): "loaded",
        (15, 16): "on_its_way", (17, 17): "on_its_way"}, "one document is enough, however young"


# ---- ids that are in several objects ----

@world(collector=COLLECTOR)
def test_of_several_objects_over_an_id_the_highest_repetition_counts(world):
    """An incident, a batch of unknown outcome that is sealed anew, and a copy that a person has asked for."""
    world.start(by_first_id({3: someone_was_faster, 5: after_storing(hang)}))
    send_pairs(world, 4)
    for first_id, ending in ((3, "-r2.ndjson"), (5, "6.ndjson"), (7, "8.ndjson")):
        wait_for_object(world, first_id, ending)
    world.uploader.kill()
    resolve(world, 5, "reseal")
    world.start(by_first_id({}))
    wait_for_object(world, 5, "-r2.ndjson")
    number = world.site.value("SELECT id FROM batches WHERE first_id = 1")
    done = world.command("reship", "--batch", str(number), "--new-keys")
    assert done.returncode == 0, done
    wait_for_object(world, 1, "-r2.ndjson")

    bucket = Bucket(world.stub)
    bucket.documents = [(after(minutes=200), document_of(world.stub, lambda document: not document["open_ranges"]))]
    bucket.loaded.discard(bucket.key(3))  # it is somebody else's, and no JSON
    assert bucket.states(LATER) == {(1, 8): "loaded"}, bucket.rows
    for first_id in (1, 3, 5):
        assert bucket.key(first_id) in bucket.listed
        again = bucket.key(first_id, is_second=True)
        bucket.loaded.discard(again)
        bucket.look(LATER)
        (fault,) = bucket.faults
        assert (fault["first_id"], fault["state"]) == (str(first_id), "not_loaded") and fault["name"] in again, fault
        bucket.loaded.add(again)


# ---- a spool that was restored ----

def restored(world):
    """Another machine with a copy of the spool, and the same name."""
    site = Site(world.site.directory / "restored")
    site.spool.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(world.site.spool)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copy(world.site.spool, site.spool)
    return site


@world(collector=COLLECTOR)
def test_a_restored_spool_begins_with_its_first_id(world):
    world.start(by_first_id({}))
    send_pairs(world, 2)
    world.send(1, 512)
    world.wait_for_shipped(4, 60)
    document = document_of(world.stub, lambda it: it["received"]["events"] == 5 and len(it["open_ranges"]) == 1)
    for program in world.site.running:
        program.stop()
    with contextlib.closing(restored(world)) as other:
        other.collector(**COLLECTOR)
        other.wait_for_spool()
        before, after_it = json.loads(document)["spool"]["id"], other.value("SELECT spool FROM _spool")
        other.uploader(**world.stub.settings(**{**world.settings, "ROTATION_INTERVAL": 1}))
        other.send_events(3)
        other.wait_for_events(8)
        other.wait_until_shipped()
        newer = document_of(world.stub, lambda it: it["spool"]["id"] == after_it and it["received"]["events"] == 8
                            and not it["open_ranges"])
    assert json.loads(newer)["spool"]["first_id"] == 5 and before != after_it
    bucket = Bucket(world.stub)
    bucket.documents = [(after(minutes=200), document), (after(minutes=300), newer)]
    # Event 5 was pending under the old name, and comes under the new one.
    assert bucket.states(after(minutes=301), before) == {(1, 4): "loaded", (5, 5): "on_its_way"}
    assert bucket.states(LATER, before) == {(1, 4): "loaded"}
    assert bucket.states(LATER, after_it) == {(5, 8): "loaded"}
    lost = min(key for key in bucket.bodies if after_it in key)
    bucket.listed.discard(lost)
    bucket.loaded.discard(lost)
    bucket.look(LATER)
    assert [(row["spool"], row["first_id"], row["state"]) for row in bucket.faults] == [(after_it, "5", "missing")], bucket.faults


# ---- lists that were cut ----

@world(collector=COLLECTOR)
def test_ids_for_which_a_list_had_no_place_are_on_their_way(world):
    """1,100 batches were given up, and the store refuses as many. They are copies of one that the uploader sealed, so that
    it has no reason to seal them anew before it writes the document."""
    world.start(Step("PUT", TOO_LARGE, times=ALWAYS, prefix="xml-events/"), ROTATION_INTERVAL=1, MAX_FILE_SIZE="10M")
    world.site.send_events(1)
    wait_for("the first batch to be refused", lambda: world.blocked() == 1)
    world.uploader.stop()
    world.site.send_events(2299)
    world.site.wait_for_events(2300)
    world.site.change(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2200) "
        "INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format, compression, metadata, "
        "pretty, dropped, omits_payload, spool, node, sealed_at, last_error, blocked_at, refused_status) "
        "SELECT kind, i, i, 1, bytes, destination, replace(object_key, '0000000001', printf('%010d', i)), format, compression, "
        "metadata, pretty, dropped, omits_payload, spool, node, sealed_at, last_error, blocked_at, refused_status "
        "FROM n, _batch WHERE first_id = 1")
    world.site.change(
        "UPDATE _batch SET abandoned_at = blocked_at, blocked_at = NULL, refused_status = NULL WHERE first_id <= 1100")
    world.start(MAX_FILE_SIZE="10M")
    text = document_of(world.stub, lambda document: document["open_ranges_cut"] and document["abandoned_ranges_cut"])
    bucket = Bucket(world.stub)
    bucket.documents = [(after(minutes=0), text), (LATER, text)]
    bucket.look(LATER + datetime.timedelta(minutes=1))
    states = [(row["first_id"], row["state"]) for row in bucket.rows]
    assert states[:1000] == [(str(i), "abandoned") for i in range(1, 1001)], states[:5]
    expected = [("1001", "on_its_way"), *((str(i), "blocked") for i in range(1101, 2101))]
    assert states[1000:2001] == expected, sorted(set(states[1000:2001]) ^ set(expected))
    assert states[2001:] == [("2101", "on_its_way")] and not bucket.faults, states[2001:]
    assert "was cut" in bucket.row(1001)["detail"] and "was cut" in bucket.row(2101)["detail"], bucket.row(2101)
    assert bucket.row(2101)["last_id"] == "2300", bucket.row(2101)


# ---- being told ----

def test_the_remedy_for_a_missing_object_is_a_command_that_finds_it(site):
    site.collector()
    site.uploader()
    for count in (2, 4):
        site.send_events(2)
        site.wait_for_events(count)
        site.wait_until_shipped()
    lost, *left = site.files()
    lost.unlink()
    with contextlib.closing(Warehouse(*COMPLETENESS)) as warehouse:
        warehouse.set_clock(LATER)
        warehouse.list_stage({path.name: BASE for path in left})
        missing, not_loaded = warehouse.query("SELECT * FROM completeness_faults ORDER BY first_id")
    assert (missing["state"], not_loaded["state"]) == ("missing", "not_loaded"), (missing, not_loaded)
    assert "COPY_HISTORY" in not_loaded["remedy"] and "SYSTEM$PIPE_STATUS" in not_loaded["remedy"], not_loaded
    program, *arguments = re.search(r"`(eventspool [^`]+)`", missing["remedy"])[1].replace("DAY", "2020-01-01").split()
    done = site.command(program, *arguments, DESTINATION_DIR=site.objects)
    assert done.returncode == 0 and "would be sent again: 1 (events: 2)" in done.stdout, done


def run_task(warehouse):
    """What the task does to tables, in its order, without what only Snowflake can do. Returns the mail's text, or None."""
    (task,) = [each for each in statements(SQL / "16_check_completeness.sql") if each.startswith("CREATE OR REPLACE TASK")]
    letter = None
    for statement in split(task.split("BEGIN", 1)[1].rsplit("END;", 1)[0]):
        if statement.startswith("SELECT letter"):
            letter = warehouse.value("SELECT letter FROM completeness_letter")
        elif statement.startswith(("DELETE", "INSERT OVERWRITE")) or letter and statement.startswith("INSERT"):
            warehouse.query(statement)
    return letter


def test_a_fault_is_told_once_and_again_when_it_comes_back(site):
    def list_objects(*ranges):
        warehouse.list_stage({f"20310504_120000-{SPOOL}-{first:010d}-{last:010d}.json": BASE for first, last in ranges})

    with contextlib.closing(Warehouse(*COMPLETENESS, "16")) as warehouse:
        warehouse.set_clock(LATER)
        assert run_task(warehouse) is None
        list_objects((1, 5), (6, 9))
        told = run_task(warehouse)
        assert told.count("\n") == 3 and told.startswith("Ranges of events that are missing or not loaded: 2\n"), told
        name = f"20310504_120000-{SPOOL}-0000000006-0000000009.json"
        assert f"\nunknown node, spool {SPOOL}, events 6 to 9, not_loaded, {name}: it came" in told, told
        assert run_task(warehouse) is None
        list_objects((1, 5), (6, 9), (10, 12))
        told = run_task(warehouse)
        assert told.count("\n") == 2 and "events 10 to 12" in told, told
        list_objects((1, 5))
        assert run_task(warehouse) is None
        list_objects((1, 5), (6, 9))
        assert "events 6 to 9" in run_task(warehouse)
        list_objects(*((i, i) for i in range(1, 201)))
        told = run_task(warehouse)
        assert "loaded: 191\n" in told and told.count("\n") == 51, told


def test_what_is_known_of_an_id_is_asked_for_as_the_page_says(site):
    question = BLOCKS.take("docs/snowflake.md", "one id")
    names = [f"20310504_120000-{SPOOL}-{ids}.json" for ids in ("0000001001-0000002000", "0000001001-0000001500-r2")]
    with contextlib.closing(Warehouse(*COMPLETENESS)) as warehouse:
        warehouse.set_clock(LATER)
        warehouse.list_stage({name: BASE for name in names})
        rows = warehouse.query(question.rstrip(";\n"))
    assert [(row["layer"], row["name"], row["state"]) for row in rows] == [
        ("2", names[1], "not_loaded"), ("1", names[0], "not_loaded")], rows


def test_the_pages_statements_show_all_ranges_and_the_faults_with_a_remedy(site):
    show_all, show_faults = split(BLOCKS.take("docs/snowflake.md", "faults"))
    with contextlib.closing(Warehouse(*COMPLETENESS)) as warehouse:
        warehouse.set_clock(LATER)
        warehouse.list_stage({f"20310504_120000-{SPOOL}-0000000001-0000000009.json": BASE})
        (row,), (fault,) = warehouse.query(show_all), warehouse.query(show_faults)
    assert row["state"] == fault["state"] == "not_loaded" and fault["remedy"], (row, fault)


def test_old_status_documents_are_deleted_but_each_spools_newest(site):
    with contextlib.closing(Warehouse(*COMPLETENESS, "16")) as warehouse:
        warehouse.set_clock(LATER)
        for days, spool in ((30, "aaaaaaaaaa"), (20, "aaaaaaaaaa"), (20, "bbbbbbbbbb"), (6, "bbbbbbbbbb"), (0, "bbbbbbbbbb")):
            path = site.directory / "document.json"
            path.write_text(json.dumps({"spool": {"id": spool}}))
            warehouse.load_status(path, DOCUMENT, LATER - datetime.timedelta(days=days))
        run_task(warehouse)
        rows = warehouse.query("SELECT spool, put_at FROM status_versions ORDER BY put_at")
        left = [(row["spool"], row["put_at"][:10]) for row in rows]
        assert left == [("aaaaaaaaaa", "2031-04-16"), ("bbbbbbbbbb", "2031-04-30"), ("bbbbbbbbbb", "2031-05-06")], left


main(dict(globals()))
