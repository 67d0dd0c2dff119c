"""docs/scaling.md against what it describes: each figure of its tables follows from the formulas that it states, with the prices
of docs/snowflake.md and what docs/performance.md measured; and the bytes that an event has in a spool are measured.
"""
import contextlib
import math
import re
import sqlite3

from support.environment import ROOT, size
from support.tap import main

PAGE, SNOWFLAKE, PERFORMANCE = ((ROOT / f"docs/{name}.md").read_text() for name in ("scaling", "snowflake", "performance"))
EVENTS = size("SPOOL_BYTES_EVENTS", 20000, 5000)
SHIPPED = 31433  # events a second that one node ships for good
ON_DISK = 2495   # bytes of an event in a spool
XML, NDJSON = 2169, 1555
MAX_FILE_SIZE = 10485760
OF_A_NODE = 288 + 48  # PUTs a day besides objects
PUT_USD, GB_USD, GB_CREDITS = 0.005 / 1000, 0.023, 0.0037
WRITTEN_KB = 69.0


def table(heading):
    """The rows of the one table with these columns, each as its numbers."""
    (rows,) = re.findall(rf"^\| {re.escape(heading)} \|\n\|[ |:-]+\|\n((?:\|.*\|\n)+)", PAGE, re.MULTILINE)
    return [[float(cell.replace(",", "")) for cell in line.strip("|").split("|")] for line in rows.splitlines()]


def assert_are(shown, expected):
    """Rounded to three digits or so."""
    for one, other in zip(shown, expected, strict=True):
        assert abs(one / other - 1) < 0.03, (shown, expected)


def test_what_many_nodes_cost_follows_from_the_formulas(site):
    rows = table("sites | events a day, each | objects a day | PUTs a month | PUTs, USD | GB a month | storage, USD | "
                 "Snowpipe, credits | nodes")
    assert [row[:2] for row in rows] == [[sites, events] for sites in (1, 10, 100, 1000) for events in (10**4, 10**5, 10**6, 10**7)]
    for sites, events, objects, puts, *rest, nodes in rows:
        gigabytes = sites * events * 30 * NDJSON / 1e9
        assert objects == sites * max(24, math.ceil(events * XML / MAX_FILE_SIZE)), (sites, events)
        assert puts == (objects + sites * OF_A_NODE) * 30, (sites, events)
        assert nodes == math.ceil(sites * events * 10 / 86400 / SHIPPED), (sites, events)
        assert_are(rest, [puts * PUT_USD, gigabytes, gigabytes * GB_USD, gigabytes * GB_CREDITS])


def test_what_a_node_needs_follows_from_the_formulas(site):
    rows = table("events a day | a second in the busiest hour | GB for 1 day | GB for 7 days | GB for 30 days | "
                 "GB written a day at most | Mbit/s to the bucket")
    for events, *shown in rows:
        assert_are(shown, [events * 10 / 86400, *(events * days * ON_DISK / 1e9 for days in (1, 7, 30)),
                           events * WRITTEN_KB / 1e6, events * XML * 8 / 86400 / 1e6])


def test_the_figures_are_those_of_the_other_pages(site):
    for figure in ("141,685", "96,160", f"{SHIPPED:,}", "75,311", "29,200"):
        assert figure in PAGE and figure in PERFORMANCE, figure
    assert re.search(r"^\| single commits: KB to the disk an event +\| +69\.0 ", PERFORMANCE, re.MULTILINE)
    assert f"| {NDJSON} with metadata | {XML} without |" in SNOWFLAKE
    for formula in (f"x {XML} / {MAX_FILE_SIZE}", f"x {NDJSON} / 10^9", f"x {ON_DISK} / 10^9", "x 0.005 / 1000", f"x {GB_CREDITS} credits"):
        assert formula in PAGE.replace("\n  ", " "), formula
    for price in ("x 30 x 0.005 / 1000", f"GB x {GB_CREDITS}"):
        assert price in SNOWFLAKE, price


def test_the_bytes_of_an_event_in_a_spool_are_those_of_a_file(site):
    collector = site.collector()
    site.send_events(EVENTS)
    site.wait_for_events(EVENTS)
    collector.stop()
    with contextlib.closing(sqlite3.connect(site.spool)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    measured = site.spool.stat().st_size / EVENTS
    assert abs(measured / ON_DISK - 1) < 0.03, measured


main(dict(globals()))
