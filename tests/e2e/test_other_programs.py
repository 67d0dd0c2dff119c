"""Another program changes the spool's schema and rewrites its file while both of ours work: nothing crashes, is lost or comes
twice. SQLite prepares all of our statements anew after such a change, at a moment of its own. MODE=asan and MODE=tsan builds
of the programs see what a wrong use of memory does."""
import json
import random
import sqlite3
import time

from support.environment import size
from support.ledger import assert_each_event_in_one_object
from support.tap import main
from support.waiting import PATIENCE, wait_for

EVENTS = size("OTHER_PROGRAMS_EVENTS", 6000, 1200)
RATE = size("OTHER_PROGRAMS_RATE", 1500, 300)  # as long as the changes need, with either
CONNECTIONS = 4
SEED = size("OTHER_PROGRAMS_SEED", 1, 1)
TABLES = ("_event", "_reject", "_batch", "_intake", "_uploader", "_request", "_sender", "_spool")
INDEXED = {"_event": "received_at", "_reject": "received_at", "_batch": "sealed_at", "_request": "requested_at"}


class Other:
    """A program of somebody else, with a connection of its own to the spool."""

    def __init__(self, site, rng):
        self.db = sqlite3.connect(site.spool, timeout=PATIENCE, isolation_level=None)
        self.rng = rng
        self.columns = 0
        self.done = {}

    def change(self, kind, sql):
        self.db.execute(sql)
        self.done[kind] = self.done.get(kind, 0) + 1

    def vacuum(self):
        self.change("vacuum", "VACUUM")

    def analyze(self):
        self.change("analyze", "ANALYZE")

    def make_and_drop_an_index(self):
        table, column = self.rng.choice(list(INDEXED.items()))
        self.change("create index", f"CREATE INDEX other_index ON {table} ({column})")
        self.change("drop index", "DROP INDEX other_index")

    def add_a_column(self):
        self.columns += 1
        self.change("add column", f"ALTER TABLE {self.rng.choice(TABLES)} ADD COLUMN other_{self.columns} INTEGER")

    def do_something(self):
        self.rng.choice((self.vacuum, self.analyze, self.make_and_drop_an_index, self.add_a_column))()


def assert_all_kinds_were_done(other):
    assert set(other.done) == {"vacuum", "analyze", "create index", "drop index", "add column"}, other.done


def assert_spool_is_sound(site, events, rejects):
    assert site.value("PRAGMA integrity_check") == "ok"
    assert site.query("SELECT count(*), min(id), max(id) FROM _event") == [(events, 1, events)]
    assert len(set(site.uids())) == events, "none comes twice"
    assert site.value("SELECT count(*) FROM _reject") == rejects


def assert_nothing_is_wrong_in(log):
    """A VACUUM may hold the spool for longer than a commit waits: that is told, and passes."""
    lines = [line for line in log.splitlines()
             if (" error " in line and "database is locked" not in line) or "incident" in line]
    assert not lines, lines[:5]


def test_both_programs_work_on_while_another_program_changes_the_schema(site):
    rng = random.Random(SEED)
    collector = site.collector()
    uploader = site.uploader(MAX_FILE_SIZE=100_000)
    site.send(b"<EVENT>&</EVENT>")  # a reject, so that its statements are in use as well
    sim = site.acmsim("--count", EVENTS, "--rate", RATE, "--connections", CONNECTIONS, "--seed", SEED)
    other = Other(site, rng)
    due = time.monotonic() + PATIENCE
    while sim.poll() is None or len(other.done) < 5:
        assert time.monotonic() < due, "the load did not end"
        other.do_something()
        if rng.random() < 0.2:
            shown = site.command("uploader", "status", "--json", DESTINATION_DIR=site.objects)
            assert shown.returncode in (0, 1, 2) and json.loads(shown.stdout)["spool"]["id"], shown
    out, err = sim.communicate(timeout=PATIENCE)
    assert sim.returncode == 0, out + err
    other.db.close()
    assert_all_kinds_were_done(other)
    print(f"# seed {SEED}: {other.done}")

    site.wait_for_events(EVENTS)
    site.wait_until_shipped()
    wait_for("the reject to be shipped", lambda: site.files("rejected/xml-events/"))
    assert_spool_is_sound(site, EVENTS, 1)
    assert_each_event_in_one_object(site.object_bytes(), site.uids())
    for program in (uploader, collector):
        program.stop()
        assert_nothing_is_wrong_in(program.log)


main(dict(globals()))
