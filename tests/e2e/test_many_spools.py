"""Many sites and one bucket: collectors and uploaders with a spool each ship under one prefix of one radosgw, while programs
are killed, the store is away, and a spool is restored from a copy. And two sites that were given the same name.
"""
import concurrent.futures
import contextlib
import datetime
import email.utils
import json
import pathlib
import shutil
import socket
import sqlite3
import tempfile

from support.documents import marked_for
from support.environment import size
from support.ledger import KEY, assert_each_event_in_one_object, assert_spool_tiles, first_id, last_id, spool
from support.rgw import Rgw, shared_rgw
from support.site import Site
from support.sql.warehouse import COMPLETENESS, Warehouse, quoted
from support.tap import main
from support.waiting import PATIENCE, wait_for

SPOOLS = size("SPOOLS", 20, 6)
EVENTS = size("SPOOL_EVENTS", 300, 60)  # of each spool
# Which names have several spools, as the page asks.
BLOCKS = marked_for(__file__)
QUESTION = BLOCKS.take("docs/scaling.md").rstrip(";\n")
LATER = datetime.timedelta(hours=3)  # until then what is not in the bucket may be on its way


class Node:
    """A site with a number, whose events nobody else sends."""

    def __init__(self, directory, number, name=None, **settings):
        directory = pathlib.Path(directory) / f"{number:03d}"
        directory.mkdir()
        self.number, self.name, self.site = number, name or f"site-{number:03d}", Site(directory)
        self.settings = {"MAX_FILE_SIZE": "8K", "STATUS_PREFIX": "status/", "OUTPUT_FORMAT": "xml", **settings}

    def start(self):
        self.start_collector()
        self.start_uploader()
        self.site.wait_for_spool()

    def start_collector(self):
        self.collector = self.site.collector(NODE_ID=self.name)

    def start_uploader(self):
        self.uploader = self.site.uploader(**self.settings)

    def event(self, number):
        return (b"<EVENT><cn>%s</cn><plasectrxEventname>Local grant</plasectrxEventname><plasectrxSourcename>Door %d of %s"
                b"</plasectrxSourcename></EVENT>\n" % (self.uid(number).encode(), number, self.name.encode()))

    def uid(self, number):
        return f"{self.number:04x}{number:012x}"

    def last(self):
        return self.site.value("SELECT last_event_id FROM _intake")

    def rest(self, last):
        """What is not in the spool yet, so that each event is in it once, whatever was killed before."""
        return b"".join(self.event(number) for number in range(self.last() + 1, last + 1))

    def send_up_to(self, last):
        self.site.send(self.rest(last))
        self.site.wait_for_events(last)

    def kill_collector_while_it_reads(self, last):
        before = self.last()
        with socket.create_connection(("127.0.0.1", self.site.port)) as sender:
            sender.sendall(self.rest(last))
            wait_for("some events", lambda: self.last() > before)
            self.collector.kill()
        self.start_collector()

    def restart_uploader(self, *, by_kill):
        self.uploader.kill() if by_kill else self.uploader.stop()
        self.start_uploader()

    def restore_from_copy(self):
        """As docs/operating.md says: both stop, the files are moved away, a copy takes their place."""
        for program in (self.uploader, self.collector):
            program.stop()
        copy = self.site.directory / "copy.db"
        with contextlib.closing(sqlite3.connect(self.site.spool)) as db:
            db.execute("VACUUM INTO ?", (str(copy),))
        self.site.spool.parent.rename(self.site.directory / "old")
        self.site.spool.parent.mkdir()
        shutil.copy(copy, self.site.spool)
        self.start()

    def name_of_spool(self):
        return self.site.value("SELECT spool FROM _spool")

    def shipped(self):
        return self.site.value("SELECT coalesce(sum(events), 0) FROM batches WHERE state = 'shipped' AND kind = 'events'")

    def keys(self):
        return [key for (key,) in self.site.query("SELECT object_key FROM batches WHERE kind = 'events' AND state = 'shipped'")]

    def close(self):
        self.site.close()


# ---- what becomes of them ----

def ship_through_trouble(nodes, rgw):
    """Returns the spools' names before one of them was restored, and what the status documents were by then."""
    for_each(nodes, Node.start)
    for_each(nodes, lambda node: node.send_up_to(EVENTS // 3))
    for_each(nodes, lambda node: wait_for("an object", node.shipped))
    names, documents = [node.name_of_spool() for node in nodes], wait_for_documents(nodes, rgw, lambda document: True)
    rgw.stop_gateway()
    for_each(nodes, in_the_outage)
    for_each(nodes, lambda node: wait_for("the outage to be noticed", lambda: node.site.value("SELECT last_error FROM summary")))
    rgw.start_gateway()
    for_each(nodes, after_the_outage)
    return names, documents


def in_the_outage(node):
    last = EVENTS * 2 // 3
    if node.number % 5 == 1:
        node.kill_collector_while_it_reads(last)
    node.send_up_to(last)
    if node.number % 5 == 2:
        node.restart_uploader(by_kill=True)
    if node.number == 3:
        node.restore_from_copy()


def after_the_outage(node):
    if node.number % 5 == 4:
        before = node.shipped()
        node.kill_collector_while_it_reads(EVENTS)
        wait_for("an upload", lambda: node.shipped() > before)
        node.restart_uploader(by_kill=True)
    node.send_up_to(EVENTS)
    node.site.wait_until_shipped(PATIENCE * 2)


def for_each(nodes, act):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(act, nodes))


class Document:
    def __init__(self, rgw, key):
        body, headers = rgw.get(key)
        self.key, self.text, self.put_at = key, body.decode(), put_at(headers)
        self.content = json.loads(self.text)


def put_at(headers):
    return email.utils.parsedate_to_datetime(headers["last-modified"])


def wait_for_documents(nodes, rgw, condition):
    """Each node's status document, as soon as it is as wanted."""
    found = {}

    def are_there():
        stored = set(rgw.keys())
        for node in nodes:
            key = f"status/{node.name}.json"
            if key in stored and node.number not in found and condition((document := Document(rgw, key)).content):
                found[node.number] = document
        return len(found) == len(nodes)
    wait_for("the status documents", are_there)
    return list(found.values())


class Bucket:
    """What lies in the bucket, as a warehouse is to load it."""

    def __init__(self, rgw, prefix):
        self.objects, self.came_at = {}, {}
        for key in rgw.keys():
            if key.startswith(prefix) and KEY.match(key):
                self.objects[key], headers = rgw.get(key)
                self.came_at[key] = put_at(headers)

    def load_into(self, warehouse):
        with tempfile.TemporaryDirectory(prefix="eventspool-") as root:
            for key, body in self.objects.items():
                path = pathlib.Path(root) / key
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
                warehouse.load(root, key, modified=self.came_at[key])

    def list_in(self, warehouse):
        warehouse.list_stage({key.split("/", 1)[1]: moment for key, moment in self.came_at.items()})


def load_documents(warehouse, documents):
    for document in documents:
        path = pathlib.Path(warehouse.temporary.name) / "document.json"
        path.write_text(document.text)
        warehouse.load_status(path, document.key, document.put_at)


def ranges(warehouse, view="completeness"):
    """[(spool, first id, last id, state)]"""
    rows = warehouse.query(f"SELECT spool, first_id, last_id, state FROM {view} ORDER BY spool, first_id")
    return [(row["spool"], int(row["first_id"]), int(row["last_id"]), row["state"]) for row in rows]


def prefix_of(number):
    """One in ten has a prefix of its own below the common one."""
    return f"xml-events/site-{number:03d}/" if number % 10 == 5 else "xml-events/"


def test_many_spools_ship_into_one_bucket_and_each_event_is_there_once(site):
    with contextlib.ExitStack() as cleanup:
        rgw = cleanup.enter_context(contextlib.closing(Rgw(site.directory)))
        nodes = [cleanup.enter_context(contextlib.closing(Node(site.directory, number, **rgw.settings(PREFIX=prefix_of(number)))))
                 for number in range(1, SPOOLS + 1)]
        with site_failures(nodes):
            names, documents = ship_through_trouble(nodes, rgw)
            for_each(nodes, lambda node: node.restart_uploader(by_kill=False))
            documents += wait_for_documents(nodes, rgw, lambda it: it["received"]["events"] == EVENTS and not it["open_ranges"])
            bucket = Bucket(rgw, "xml-events/")
            ranges_of_nodes = assert_each_event_once(nodes, names, bucket)
            assert_completeness_by_spool(nodes, rgw, bucket, documents, ranges_of_nodes)


def assert_each_event_once(nodes, names, bucket):
    """The listing is what the spools say that they have shipped, and no key is in two spools. Returns {(spool, first id): last
    id} of what each spool's objects cover."""
    keys = [key for node in nodes for key in node.keys()]
    assert len(set(keys)) == len(keys) and sorted(keys) == sorted(bucket.objects)
    covered, of_nodes = {}, {}
    for node, name in zip(nodes, names):
        assert_spool_tiles(node.site.query)
        uids, first = [node.uid(number) for number in range(1, EVENTS + 1)], 1
        assert node.site.uids() == uids
        for each in sorted({name, node.name_of_spool()}, key=lambda each: each != name):
            objects = {key: body for key, body in bucket.objects.items() if spool(key) == each}
            last = max(map(last_id, objects))
            assert each not in of_nodes and min(map(first_id, objects)) == first, (each, first)
            assert_each_event_in_one_object(objects, uids[first - 1:last], first)
            of_nodes[each] = node
            covered[each, first], first = last, last + 1
        assert first == EVENTS + 1, (node.name, first)
    assert len(of_nodes) == len(nodes) + 1, "each node's, and what the restored one was called before"
    assert set(map(spool, bucket.objects)) == set(of_nodes)
    return covered


def assert_completeness_by_spool(nodes, rgw, bucket, documents, covered):
    complete = sorted((name, first, last, "loaded") for (name, first), last in covered.items())
    now = max(bucket.came_at.values())
    with contextlib.closing(Warehouse(*COMPLETENESS)) as warehouse:
        bucket.load_into(warehouse)
        bucket.list_in(warehouse)
        load_documents(warehouse, documents)
        rows = warehouse.query("SELECT COUNT(*) AS rows_loaded, COUNT(DISTINCT XMLGET(event, 'cn')) AS events FROM raw_events")
        assert rows == [{"rows_loaded": str(SPOOLS * EVENTS), "events": str(SPOOLS * EVENTS)}], rows

        warehouse.set_clock(now + datetime.timedelta(minutes=1))
        assert overview(warehouse) == sorted((node.name, node.name_of_spool(), False, False, str(EVENTS)) for node in nodes)
        warehouse.set_clock(now + LATER)
        assert ranges(warehouse) == complete, ranges(warehouse)
        assert ranges(warehouse, "completeness_faults") == []

        lost = sorted(bucket.objects, key=lambda key: (spool(key), first_id(key)))[len(bucket.objects) // 2]
        rgw.request("DELETE", f"/{rgw.bucket}/{lost}")
        warehouse.db.run(f"DELETE FROM raw_events WHERE filename = {quoted(lost)}")
        Bucket(rgw, "xml-events/").list_in(warehouse)
        assert ranges(warehouse, "completeness_faults") == [(spool(lost), first_id(lost), last_id(lost), "missing")]
        others = [row for row in ranges(warehouse) if row[0] != spool(lost)]
        assert others == [row for row in complete if row[0] != spool(lost)], others


def overview(warehouse):
    rows = warehouse.query("SELECT node, spool, is_silent, is_name_shared, received FROM nodes ORDER BY node")
    return [tuple(row.values()) for row in rows]


@contextlib.contextmanager
def site_failures(nodes):
    """A failure comes with what the programs of each node have logged last."""
    with contextlib.ExitStack() as all_of_them:
        for node in nodes:
            all_of_them.enter_context(node.site.telling_of_failures())
        yield


# ---- two sites of one name ----

def test_two_sites_of_one_name_mix_nothing_but_hide_each_other_and_are_noticed(site):
    rgw = shared_rgw()
    with contextlib.ExitStack() as cleanup:
        twins = [cleanup.enter_context(contextlib.closing(Node(site.directory, number, "gate-7", **rgw.settings(
            PREFIX="twins/", EVENT_METADATA="true")))) for number in (1, 2)]
        documents = []
        for node in twins:
            checked = node.site.command("uploader", "check", NODE_ID="gate-7", **node.settings)
            assert checked.returncode == 0, checked.stdout
            node.start()
            node.send_up_to(EVENTS)
            node.site.wait_until_shipped()
            node.restart_uploader(by_kill=False)
            documents += documents_of(node, rgw)
        twins[0].restart_uploader(by_kill=False)
        documents += documents_of(twins[0], rgw)
        assert [key for key in rgw.keys() if key.startswith("status/")] == ["status/gate-7.json"], "one document for both"

        bucket = Bucket(rgw, "twins/")
        for node in twins:
            objects = {key: body for key, body in bucket.objects.items() if spool(key) == node.name_of_spool()}
            assert_each_event_in_one_object(objects, node.site.uids())
        assert_twins_are_named(twins, bucket, documents)


def documents_of(node, rgw):
    return wait_for_documents([node], rgw, lambda document: document["spool"]["id"] == node.name_of_spool()
                              and document["received"]["events"] == EVENTS and not document["open_ranges"])


def assert_twins_are_named(twins, bucket, documents):
    names = [node.name_of_spool() for node in twins]
    now = max(document.put_at for document in documents) + datetime.timedelta(minutes=1)
    with contextlib.closing(Warehouse()) as warehouse:
        bucket.load_into(warehouse)
        bucket.list_in(warehouse)
        load_documents(warehouse, documents[:2])
        warehouse.set_clock(now)
        assert overview(warehouse) == [("gate-7", names[1], False, False, str(EVENTS))], "as if the first one was restored"
        load_documents(warehouse, documents[2:])
        assert overview(warehouse) == [("gate-7", names[0], False, True, str(EVENTS))], overview(warehouse)
        assert warehouse.query(QUESTION) == [{"node": "gate-7", "spools": "2"}]
        warehouse.set_clock(now + datetime.timedelta(days=2))
        assert ranges(warehouse) == sorted((name, 1, EVENTS, "loaded") for name in names), ranges(warehouse)
        assert not overview(warehouse)[0][3] and not warehouse.query(QUESTION), "what is over is no sign"


if __name__ == "__main__":
    main(dict(globals()), at_once=2)
