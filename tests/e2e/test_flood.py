"""A flood: 64 senders as fast as they can, with the uploader beside the collector, and somebody who takes the objects away as
they come. It is over when all is shipped; then each event was in one object, and what a flood may cost stayed within its bounds.

Ten minutes by hand, which write and purge some 50 GB: FLOOD_SECONDS=600 FLOOD_REPORT=1.
"""
import collections
import os
import re
import sys
import threading
import time

from support.environment import IS_SANITIZED, size
from support.ledger import KEY
from support.tap import main
from support.waiting import wait_for

SECONDS = size("FLOOD_SECONDS", 5, 3)
CONNECTIONS = 64
MEMORY_MIB = 64       # of both programs together, as the issue of speed has it
LOG_MIB = 128         # of the write-ahead log, which is to begin again at 64 MiB, and has been seen at 95
LOG_LINES = 100       # of each program, whatever the flood brings, besides one for each object
BACKLOG_SECONDS = min(60, SECONDS + 10)  # an older one is to be said
SETTINGS = {"MAX_FILE_SIZE": "8M", "ROTATION_INTERVAL": "2", "RETENTION": "0", "OUTPUT_FORMAT": "xml"}
REPORTS = bool(os.environ.get("FLOOD_REPORT"))


class Taker:
    """Counts the events of each object that is there, once, and takes the object away."""

    def __init__(self, site):
        self.site = site
        self.seen = collections.defaultdict(bytearray)  # by connection: how often each number came
        self.events = 0
        self.is_ending = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.is_ending.is_set():
            if not self.take_all():
                self.is_ending.wait(0.1)
        self.take_all()

    def take_all(self):
        paths = [path for path in self.site.objects.rglob("*.xml") if KEY.search("/" + str(path))]
        for path in paths:
            for uid in re.findall(rb"<cn>([0-9a-f]{16})</cn>", path.read_bytes()):
                self.count(int(uid[:4], 16), int(uid[4:], 16))
            path.unlink()
        return paths

    def count(self, connection, number):
        seen = self.seen[connection]
        if number >= len(seen):
            seen.extend(bytes(max(number, 1 << 16)))
        seen[number] += 1
        self.events += 1

    def end(self):
        self.is_ending.set()
        self.thread.join()


class Watch:
    """What is the worst, looked at each half second."""

    def __init__(self, site, programs):
        self.site, self.programs = site, programs
        self.backlog_seconds = self.log_mib = 0
        self.is_said = False

    def look(self):
        age, = self.site.query("SELECT oldest_age_seconds FROM summary")[0]
        self.backlog_seconds = max(self.backlog_seconds, age or 0)
        log = self.site.spool.with_name(self.site.spool.name + "-wal")
        self.log_mib = max(self.log_mib, log.stat().st_size / (1 << 20) if log.exists() else 0)
        self.is_said |= any("backlog_old" in program.log for program in self.programs)

    def memory_mib(self):
        return sum(int(re.search(r"VmHWM:\s+(\d+) kB", open(f"/proc/{program.process.pid}/status").read())[1])
                   for program in self.programs) / 1024


def ledger_of(path):
    """What acmsim has sent: {connection: events}. A stop may cut the last one of each in two."""
    return {int(line.split()[0]): int(line.split()[1]) for line in path.read_text().splitlines() if line[0].isdigit()}


def flood(site, watch):
    ledger = site.directory / "sent"
    sim = site.acmsim("--connections", CONNECTIONS, "--count", 0, "--ledger", ledger)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert sim.poll() is None, "acmsim ended by itself"
        watch.look()
        time.sleep(0.5)  # between two looks: nothing is waited for
    sim.terminate()
    assert sim.wait() == 0
    return ledger_of(ledger)


def assert_each_once(taker, sent):
    assert set(taker.seen) <= set(sent)
    for connection, events in sent.items():
        counts = taker.seen[connection]
        wrong = [number for number in range(1, events + 1) if number >= len(counts) or counts[number] != 1]
        assert not wrong, f"connection {connection}: {len(wrong)} of {events} lost or doubled, the first {wrong[0]}"
        assert sum(counts) == events, f"connection {connection}: {sum(counts)} events of {events} sent"


def report(taker, watch, memory, seconds):
    print(f"# {taker.events:,} events in {seconds:.0f} s until the last object, each in one object; at worst: backlog "
          f"{watch.backlog_seconds} s{' (said)' if watch.is_said else ''}, memory {memory:.1f} MiB of both programs, "
          f"write-ahead log {watch.log_mib:.1f} MiB", file=sys.stderr)


def test_a_flood_is_shipped_whole_within_bounds(site):
    collector = site.collector()
    site.wait_for_spool()
    uploader = site.uploader(**SETTINGS)
    taker = Taker(site)
    watch = Watch(site, (collector, uploader))
    since = time.monotonic()
    try:
        sent = flood(site, watch)
        wait_for("the backlog to be empty", lambda: watch.look() or not site.value("SELECT events FROM summary"),
                 SECONDS * 4 + 60)
        wait_for("the last object to be taken", lambda: taker.events >= sum(sent.values()))
    finally:
        taker.end()
    memory = watch.memory_mib()
    if REPORTS:
        report(taker, watch, memory, time.monotonic() - since)
    assert_each_once(taker, sent)
    assert memory <= MEMORY_MIB or IS_SANITIZED, f"{memory:.1f} MiB"
    assert watch.log_mib <= LOG_MIB, f"the write-ahead log grew to {watch.log_mib:.1f} MiB"
    assert watch.backlog_seconds <= BACKLOG_SECONDS or watch.is_said, f"{watch.backlog_seconds} s, and nothing is said"
    for program in (collector, uploader):
        lines = [line for line in program.log.splitlines() if '"batch shipped"' not in line]  # one for each object
        assert len(lines) <= LOG_LINES, program.log[-3000:]
        assert " error " not in program.log, program.log[-3000:]


main(globals())
