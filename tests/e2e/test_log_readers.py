"""Programs that read the spool while events come: many short reads that overlap, and one long one. The write-ahead log
stays within its promise, events are durable soon, and whoever holds the log is named."""
import contextlib
import random
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time

from support.environment import BIN, IS_SANITIZED, size
from support.tap import main
from support.waiting import wait_for

MIB = 1 << 20
RATE = 300 if IS_SANITIZED else 1000  # events per second, of 2.2 KB
SECONDS = size("TEST_READERS_SECONDS", 20, 10)  # 120 for a campaign
READERS = 4
LONGEST_LOG = 128 * MIB
SLOW_READ = 0.02  # seconds; a look that took longer had to wait for its turn to read
SENDER = "cn=prober"

READER = """
import random, sqlite3, sys, time
path, shortest, longest, seed = sys.argv[1], *map(float, sys.argv[2:])
chance = random.Random(seed)
db = sqlite3.connect(path, isolation_level=None, timeout=30)
time.sleep(chance.uniform(0, min(longest, 1)))
while True:
    db.execute("BEGIN")
    db.execute("SELECT last_event_id FROM _intake").fetchall()
    time.sleep(chance.uniform(shortest, longest))
    db.execute("COMMIT")
"""


@contextlib.contextmanager
def reading(site, count, shortest, longest):
    """Other processes that read again and again, each time for some seconds."""
    found = [site.owns(subprocess.Popen([sys.executable, "-c", READER, site.spool, str(shortest), str(longest), str(i)]))
             for i in range(count)]
    try:
        yield found
        assert all(process.poll() is None for process in found), "a reader has failed"
    finally:
        for process in found:
            process.kill()
            process.wait()


@contextlib.contextmanager
def under_load(site):
    sim = site.acmsim("--count", 0, "--rate", RATE, "--connections", 8)
    site.wait_for_events(100)
    yield
    sim.terminate()
    sim.communicate(timeout=60)


def wal_bytes(site):
    return site.spool.with_name("spool.db-wal").stat().st_size


class Prober:
    """Single events, one after the other, and for how many milliseconds each was under way until its row was there. Its
    looks are reads, too: where one had to wait, that says nothing of the commit, and is counted apart."""

    def __init__(self, site):
        text = subprocess.run([BIN / "acmsim", "--stdout", "--count", "1"], capture_output=True, check=True).stdout
        self.event = re.sub(rb"(<plasectrxGatewayDN>).*?(</)", rb"\1" + SENDER.encode() + rb"\2", text)
        self.db = sqlite3.connect(site.spool, isolation_level=None, timeout=30)
        self.socket = socket.create_connection(("127.0.0.1", site.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.chance = random.Random(1)
        self.found, self.waits = [], []

    def look(self):
        since = time.monotonic()
        rows = self.db.execute("SELECT day, events_of_day FROM _sender WHERE sender = ?", (SENDER,)).fetchall()
        took = time.monotonic() - since
        if took > SLOW_READ:
            self.waits.append(took)
        return rows

    def probe(self):
        time.sleep(self.chance.uniform(0.005, 0.02))
        before, waits = self.look(), len(self.waits)
        since = time.monotonic()
        self.socket.sendall(self.event)
        while self.look() == before:
            assert time.monotonic() < since + 60, "an event does not arrive"
            time.sleep(0.0005)
        if len(self.waits) == waits:
            self.found.append((time.monotonic() - since) * 1000)

    def close(self):
        self.db.close()
        self.socket.close()

    def percentile(self, n):
        return sorted(self.found)[len(self.found) * n // 100]


def test_the_log_stays_short_beside_overlapping_reads_of_half_a_second(site):
    collector = site.collector()
    longest = 0
    with under_load(site), contextlib.closing(Prober(site)) as prober, reading(site, READERS, 0.3, 0.5):
        due = time.monotonic() + SECONDS
        while time.monotonic() < due:
            prober.probe()
            longest = max(longest, wal_bytes(site))
    print(f"# the log's file was {longest / MIB:.1f} MiB at most; until durable: median {prober.percentile(50):.1f} ms, "
          f"p99 {prober.percentile(99):.1f} ms of {len(prober.found)}; {len(prober.waits)} reads waited, "
          f"{max(prober.waits, default=0):.2f} s at most")
    assert longest <= LONGEST_LOG
    assert "problem=foreign_reader" not in collector.log
    assert max(prober.waits, default=0) < 5
    if not IS_SANITIZED:
        assert prober.percentile(50) < 30, "a busy machine; 10 ms is the promise"
    wait_for("the log's file to fall back", lambda: wal_bytes(site) <= 64 * MIB)
    collector.stop()


def test_the_log_begins_again_where_large_events_come_slowly(site):
    """Between two of them the writer waits for the next, and readers are kept out all the same."""
    collector = site.collector(LOG_LEVEL="debug")
    event = b"<EVENT><pad>" + b"x" * 500_000 + b"</pad></EVENT>"
    ended = threading.Event()

    def send():
        with socket.create_connection(("127.0.0.1", site.port)) as sender:
            while not ended.wait(0.1):
                sender.sendall(event)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    with reading(site, READERS, 0.3, 0.5):
        wait_for("the log to begin again", lambda: re.search(r"were kept out for a moment.* done=1", collector.log))
        assert wal_bytes(site) <= LONGEST_LOG
    ended.set()
    thread.join()
    collector.stop()


def test_another_program_may_empty_the_log_meanwhile(site):
    """It has the lock for writing until nobody reads any more; the collector's own marks must not be in its way."""
    collector = site.collector()
    with under_load(site), contextlib.closing(sqlite3.connect(site.spool, isolation_level=None, timeout=20)) as other:
        for mode in ("RESTART", "TRUNCATE") * 4:
            since = time.monotonic()  # it is refused at once while the collector copies
            wait_for(mode, lambda: other.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()[0] == 0)
            assert time.monotonic() - since < 10, (mode, time.monotonic() - since)
            site.wait_for_events(site.value("SELECT last_event_id FROM _intake") + RATE // 2)
    assert "commit_failing" not in collector.log
    collector.stop()


def test_one_long_read_is_named_and_stops_nothing(site):
    collector = site.collector()
    with under_load(site), reading(site, 1, 3600, 3600) as (reader,):
        collector.wait_for_log("problem=foreign_reader")
        (line,) = [line for line in collector.log.splitlines() if "problem=foreign_reader" in line]
        assert "one transaction has been reading the spool since about" in line, line
        assert f"(process {reader.pid})" in line, line
        rows = site.value("SELECT last_event_id FROM _intake")
        site.wait_for_events(rows + 2 * RATE)
        assert "kept out" not in collector.log and "reading stops" not in collector.log
        assert "foreign_reader" in site.command("uploader", "status").stdout
    collector.wait_for_log("after_ms=")
    wait_for("the log's file to fall back", lambda: wal_bytes(site) <= 64 * MIB)
    collector.stop()


def test_longer_reads_that_overlap_are_said_to_be_many(site):
    collector = site.collector()
    with under_load(site), reading(site, READERS, 1.8, 2.2):
        collector.wait_for_log("problem=foreign_reader")
        (line,) = [line for line in collector.log.splitlines() if "problem=foreign_reader" in line]
        assert "many short reads of the spool overlap" in line and "MiB" in line, line
        assert re.search(r"\(process [0-9]+\)", line), line
    collector.wait_for_log("after_ms=")
    wait_for("the log's file to fall back", lambda: wal_bytes(site) <= 64 * MIB)
    collector.stop()


main(dict(globals()))
