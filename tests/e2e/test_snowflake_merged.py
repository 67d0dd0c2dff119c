"""The table events_merged of sql/snowflake/ equals the view `events` in whatever order objects are loaded: random worlds of
objects, loaded in random portions, with runs of the task's MERGE in between, on DuckDB.

A world has repetitions that come before what they repeat, objects of somebody else, objects that are loaded twice, ids that
a spool which was set back has given to two events, events with metadata and without, events of `verify`, and deletion
requests.
MERGED_WORLDS is their number, MERGED_SEED repeats a run.
"""
import contextlib
import json
import os
import random
import time

from support.environment import ROOT, size
from support.sql.text import statements
from support.sql.views import assert_same, types_of
from support.sql.warehouse import Warehouse, quoted
from support.tap import main

WORLDS = size("MERGED_WORLDS", 5, 2)
SEED = int(os.environ.get("MERGED_SEED", time.time_ns() % 1000000))
SPOOLS = ("0a0a0a0a0a", "0b0b0b0b0b")
PERSONS = ("0017", "0042", "0099")
FILE = ROOT / "sql/snowflake/12_events_merged.sql"
(MERGE,) = (text[text.index("MERGE INTO"):] for text in statements(FILE) if text.startswith("CREATE OR REPLACE TASK"))


class World:
    """Objects: {name: rows}. What an event says goes by its spool, life and id, so that each repetition says the same."""

    def __init__(self, chance):
        self.chance, self.objects, self.sealings = chance, {}, 0
        self.is_plain = chance.random() < 0.4  # nobody else's objects, and no spool that was set back
        for spool in SPOOLS:
            for life in range(1 if self.is_plain else chance.choice((1, 2))):
                self.add_life(spool, life)

    def add_life(self, spool, life):
        first = 1
        while first <= 12:
            last = first + self.chance.randrange(4)
            self.add_batch(spool, life, first, last)
            first = last + 1

    def add_batch(self, spool, life, first, last):
        """An object, and perhaps its repetitions: whole or in parts."""
        has_metadata = self.chance.random() < 0.6
        is_stranger = not self.is_plain and self.chance.random() < 0.2
        rows = [self.stranger(number) for number in range(last - first + 3)] if is_stranger else \
            [self.event(spool, life, number, has_metadata) for number in range(first, last + 1)]
        self.add_object(spool, first, last, 1, rows)
        for repetition in range(2, 2 + self.chance.choice((0, 0, 1, 2)) + is_stranger):
            cut = self.chance.randint(first, last)
            for begin, end in ((first, cut), (cut + 1, last)):
                if begin <= end:
                    self.add_object(spool, begin, end, repetition,
                                    [self.event(spool, life, number, has_metadata) for number in range(begin, end + 1)])

    def add_object(self, spool, first, last, repetition, rows):
        self.sealings += 1
        suffix = f"-r{repetition}" if repetition > 1 else ""
        self.objects[f"xml-events/20260101_{self.sealings:06}-{spool}-{first:010}-{last:010}{suffix}.ndjson"] = rows

    def event(self, spool, life, number, has_metadata):
        told = random.Random(f"{spool} {life} {number}")
        gateway = "cn=eventspool-test" if told.random() < 0.1 else told.choice(("cn=a", "cn=b"))
        card = told.choice(PERSONS + ("",) * 5)
        event = {"cn": f"{spool}{life}{number}", "plasectrxGatewayDN": gateway, "plasectrxCardno": card}
        metadata = {"_spool": spool, "_id": str(number), "_received_at": f"2026-01-0{1 + life}T00:00:{number:02}.000Z",
                    "_source": "10.0.0.7", "_node": "gate-7"}
        return {**metadata, **event} if has_metadata else event

    def stranger(self, number):
        return {"cn": f"stranger{number}"}

    def loads(self):
        """Portions of names, in any order; some are loaded twice."""
        names = list(self.objects)
        names += self.chance.sample(names, len(names) // 4)
        self.chance.shuffle(names)
        while names:
            count = self.chance.randint(1, 12)
            yield names[:count]
            names = names[count:]


class Task:
    """The stream, as a table of the rows that were loaded since the last run, and the task."""

    def __init__(self, warehouse):
        self.warehouse = warehouse
        warehouse.db.run("CREATE TABLE raw_events_stream AS FROM raw_events")

    def begin_anew(self):
        for table in ("raw_events", "raw_events_stream", "events_merged"):
            self.warehouse.db.run(f"DELETE FROM {table}")

    def load(self, objects):
        values = ", ".join(f"({quoted(json.dumps(event))}, {quoted(name)}, {number}, NULL, '2026-01-01', now())"
                           for name, rows in objects for number, event in enumerate(rows, 1))
        for table in ("raw_events_stream", "raw_events"):
            self.warehouse.db.run(f"INSERT INTO {table} VALUES {values}")

    def run(self):
        self.warehouse.query(MERGE)
        self.warehouse.db.run("DELETE FROM raw_events_stream")


def assert_merged(warehouse):
    warehouse.db.run("CREATE OR REPLACE TABLE seen AS FROM events")
    assert_same(warehouse, "events_merged", "seen")


def carry_out_deletion_request(warehouse, person):
    """In the rows loaded, and then in the table, as forget_person.sql does it."""
    warehouse.query("UPDATE raw_events SET event = NULL WHERE (filename, file_row_number) IN "
                    f"(SELECT filename, file_row_number FROM events_typed WHERE card_number = {quoted(person)})")
    *_, delete = statements(ROOT / "sql/snowflake/forget_person.sql")
    warehouse.query(delete)


@contextlib.contextmanager
def warehouse():
    with contextlib.closing(Warehouse("05", "06", "09", "10", "12")) as it:
        yield it


def test_the_merged_table_equals_the_view_in_whatever_order_objects_are_loaded(site):
    print(f"# {WORLDS} worlds, MERGED_SEED={SEED}")
    chance = random.Random(SEED)
    runs = rows = 0
    with warehouse() as w:
        task = Task(w)
        for _ in range(WORLDS):
            world = World(chance)
            task.begin_anew()
            for names in world.loads():
                task.load([(name, world.objects[name]) for name in names])
                if chance.random() < 0.3:
                    continue  # the task has not run in between
                task.run()
                if world.is_plain and chance.random() < 0.3:
                    carry_out_deletion_request(w, chance.choice(PERSONS))
                assert_merged(w)
                runs += 1
            task.run()
            assert_merged(w)
            rows += int(w.value("SELECT COUNT(*) FROM events_merged"))
    assert rows > 10 * WORLDS
    print(f"# {runs} runs, {rows} events merged")


def test_a_run_without_new_rows_changes_nothing(site):
    with warehouse() as w:
        task, world = Task(w), World(random.Random(1))
        task.load(world.objects.items())
        task.run()
        assert w.value(MERGE) == "0"
        task.load(world.objects.items())
        assert w.value(MERGE) == "0", "all of it was loaded once more"


def test_the_table_has_the_columns_of_the_view(site):
    with warehouse() as w:
        assert list(types_of(w, "events_merged").items()) == list(types_of(w, "events").items())


main(dict(globals()))
