"""A stop: what had arrived before it is committed whatever the reason not to read was, or its number is said and the
exit code is 1; and it takes 8 s at most."""
import contextlib
import fcntl
import re
import signal
import socket
import sqlite3
import struct
import threading
import time

from support.environment import BUILD, IS_SANITIZED, size
from support.tap import main, tests_of
from support.waiting import wait_for

EVENT = b"<EVENT><cn>%016d</cn></EVENT>"
LIMIT_S = 30 if IS_SANITIZED else 8.5  # half a second for the process itself
SENDERS = 64
LARGE = b"<EVENT><cn>%016d</cn><t>" + b"x" * 2000 + b"</t></EVENT>"  # as large as an appliance's


def connect(site):
    return socket.create_connection(("127.0.0.1", site.port), 10)


def codes(site):
    text = site.spool.with_name("spool.db-collector.lock").read_text()
    return re.findall(r"^([a-z_]+)\t\d+\t", text, re.MULTILINE)


def wait_until_held(site, code):
    """A reason not to read is no reason for a restart: only `--strict` fails."""
    wait_for(f"the reason {code}", lambda: code in codes(site))
    assert site.command("collector", "healthcheck").returncode == 0
    strict = site.command("collector", "healthcheck", "--strict")
    assert strict.returncode == 1 and f"collector: {code}: " in strict.stderr, strict


def acked(connection, sent):
    """Bytes that the collector's kernel has."""
    left = struct.unpack("i", fcntl.ioctl(connection, 0x5411, b"\0\0\0\0"))[0]  # SIOCOUTQ
    return sent - left


def left_in_socket(site, connection):
    """Bytes of this connection that the collector has not read, as the kernel tells them."""
    port = connection.getsockname()[1]
    for line in open("/proc/net/tcp"):
        fields = line.split()
        if fields[2].endswith(f":{port:04X}") and fields[1].endswith(f":{site.port:04X}"):
            return int(fields[4].split(":")[1], 16)
    return None


def wait_until_arrived(connections, sent):
    wait_for("the bytes to arrive", lambda: all(acked(c, sent) == sent for c in connections))


def stop(collector, expected, number=signal.SIGTERM):
    """Returns after how many seconds it has ended."""
    since = time.monotonic()
    collector.process.send_signal(number)
    code = collector.process.wait(60)
    took = time.monotonic() - since
    assert code == expected, (code, collector.log[-3000:])
    assert took < LIMIT_S, took
    return took


def events(site):
    with contextlib.closing(sqlite3.connect(site.spool, timeout=30)) as db:
        return db.execute("SELECT last_event_id FROM _intake").fetchone()[0]


def send_one_each(site, stack, connections, first=1):
    """Each sender sends one event; returns the connections when all have arrived."""
    opened = [stack.enter_context(connect(site)) for _ in range(connections)]
    for number, c in enumerate(opened, first):
        c.sendall(EVENT % number)
    wait_until_arrived(opened, len(EVENT % 1))
    return opened


# ---- each reason


@contextlib.contextmanager
def no_room(site):
    yield site.collector(SPOOL_MIN_FREE="500000G", MAX_CONNECTIONS=256), "paused_disk"


@contextlib.contextmanager
def at_ceiling(site):
    collector = site.collector()
    site.send_events(15000)
    site.wait_for_events(15000)
    collector.stop()
    yield site.collector(SPOOL_MAX_SIZE="16M", MAX_CONNECTIONS=256), "paused_ceiling"


@contextlib.contextmanager
def lock_that_ends(site):
    """Another process's write lock, which ends when the stop has begun."""
    collector = site.collector(MAX_CONNECTIONS=256)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None, check_same_thread=False)) as db:
        db.execute("BEGIN IMMEDIATE")
        site.send(EVENT % 0)
        collector.wait_for_log("problem=commit_failing")

        def release():
            collector.wait_for_log('"stopping: reading')
            db.execute("ROLLBACK")
        thread = threading.Thread(target=release)
        thread.start()
        yield collector, "commit_failing"
        thread.join()


def check_all_is_committed(site, reason, before):
    with reason(site) as (collector, code), contextlib.ExitStack() as stack:
        wait_until_held(site, code)
        send_one_each(site, stack, 256)
        stop(collector, 0)
    assert events(site) == before + 256
    assert site.value("SELECT count(DISTINCT uid) FROM events WHERE id > ?", before) == 256


COMMITTED = tests_of(check_all_is_committed, {
    "a_stop_without_room_commits_what_waits_in_256_full_places": (no_room, 0),
    "a_stop_at_the_ceiling_commits_what_waits_in_256_full_places": (at_ceiling, 15000),
    "a_stop_under_a_lock_that_ends_commits_what_waits_in_256_full_places": (lock_that_ends, 1),
})


@contextlib.contextmanager
def lock_that_stays(site):
    collector = site.collector()
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        site.send(EVENT % 0)
        collector.wait_for_log("problem=commit_failing")
        yield collector, "commit_failing"


@contextlib.contextmanager
def lost_log(site):
    collector = site.collector()
    site.send(EVENT % 0)
    site.wait_for_events(1)
    site.spool.with_name("spool.db-wal").unlink()
    yield collector, "wal_lost"


@contextlib.contextmanager
def moved_spool(site):
    collector = site.collector()
    site.send(EVENT % 0)
    site.wait_for_events(1)
    site.spool.rename(site.spool.with_name("away.db"))
    with connect(site) as c:
        c.sendall(EVENT % 0)
        yield collector, "spool_replaced"
    site.spool.with_name("away.db").rename(site.spool)


@contextlib.contextmanager
def newer_schema(site):
    collector = site.collector()
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 900")
    yield collector, "schema_too_new"


def check_number_is_said(site, reason):
    """Nothing more can be committed: the bytes that waited are counted."""
    with reason(site) as (collector, code):
        wait_until_held(site, code)
        with contextlib.ExitStack() as stack:
            send_one_each(site, stack, 3)
            if code != "commit_failing":
                stop(collector, 1)
                said = re.search(r"not read\" bytes=(\d+) connections=3 why=", collector.log)
                assert int(said[1]) == 3 * len(EVENT % 1), collector.log
            else:
                took = stop(collector, 1)
                said = re.search(r"(\d+) events and 0 rejects \((\d+) bytes\) that had been read could not be committed",
                                 collector.log)
                unread = re.search(r"not read\" bytes=(\d+)", collector.log)
                bytes_said = int(said[2]) + (int(unread[1]) if unread else 0)
                assert bytes_said == 4 * len(EVENT % 1), collector.log
                assert took > 5, "it tries for as long as a stop may take"


SAID = tests_of(check_number_is_said, {
    "a_stop_under_a_lock_that_stays_says_what_is_lost": (lock_that_stays,),
    "a_stop_with_a_lost_log_says_what_is_left": (lost_log,),
    "a_stop_with_a_moved_spool_says_what_is_left": (moved_spool,),
    "a_stop_under_a_newer_schema_says_what_is_left": (newer_schema,),
})


# ---- a flood


class Sender(threading.Thread):
    """Sends events without a pause until its connection ends. `numbers`: of the first event and how many it has sent."""

    def __init__(self, site, first):
        super().__init__(daemon=True)
        self.connection = connect(site)
        self.connection.setblocking(True)
        self.first = first
        self.sent = 0  # bytes

    def run(self):
        with contextlib.suppress(OSError):
            number = self.first
            while True:
                data = b"".join(LARGE % n for n in range(number, number + 20))
                done = 0
                while done < len(data):
                    n = self.connection.send(data[done:])
                    done += n
                    self.sent += n
                number += 20


def test_a_flood_of_64_senders_loses_nothing_that_came_before_the_stop(site):
    collector = site.collector()
    senders = [Sender(site, i * 10_000_000) for i in range(SENDERS)]
    for s in senders:
        s.start()
    wait_for("some events", lambda: site.value("SELECT last_event_id FROM _intake") > size("TEST_STOP_EVENTS", 10000, 2000))
    arrived = [acked(s.connection, s.sent) for s in senders]  # a lower bound: more may come before the signal
    took = stop(collector, 0)
    print(f"# stopped in {took:.2f} s")
    assert "why=" not in collector.log.split('"stopping: reading')[1], collector.log
    with contextlib.closing(sqlite3.connect(site.spool)) as db:
        for s, n in zip(senders, arrived):
            whole = max(0, n // len(LARGE % 0))
            (kept,) = db.execute("SELECT count(*) FROM _event WHERE uid >= ? AND uid < ?",
                                 ("%016d" % s.first, "%016d" % (s.first + whole))).fetchone()
            assert kept == whole, (s.first, kept, whole)
    for s in senders:
        s.connection.close()


def test_what_comes_after_the_request_to_stop_is_one_line(site):
    collector = site.collector(SPOOL_MIN_FREE="500000G")
    wait_until_held(site, "paused_disk")
    sender = Sender(site, 0)  # it fills all buffers, and goes on when these are read
    sender.start()
    wait_for("full buffers", lambda: sender.sent > 100000)
    stop(collector, 0)
    assert collector.log.count("bytes that came after the request to stop were left") <= 1, collector.log
    assert "not read" not in collector.log, collector.log


# ---- signals


def check_signal(site, number):
    collector = site.collector()
    with contextlib.ExitStack() as stack:
        send_one_each(site, stack, 10)
        stop(collector, 0, number)
    assert events(site) == 10 and '"stopped" events=10' in collector.log, collector.log


SIGNALS = tests_of(check_signal, {f"{number.name}_stops_cleanly": (number,) for number in
                                  (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)})


def test_a_second_signal_ends_a_stop_that_waits(site):
    with lock_that_stays(site) as (collector, _):
        collector.process.send_signal(signal.SIGTERM)
        collector.wait_for_log('"stopping: reading')
        time.sleep(0.5)  # a second signal is one that comes later than the first
        since = time.monotonic()
        collector.process.send_signal(signal.SIGTERM)
        assert collector.process.wait(30) == 1
        assert time.monotonic() - since < (10 if IS_SANITIZED else 2.5)
        assert re.search(r"1 events and 0 rejects|uncommitted_bytes=[1-9]", collector.log), collector.log


def test_a_stop_does_not_wait_for_a_disk_that_hangs(site):
    hang = site.directory / "hang"
    collector = site.collector(LD_PRELOAD=BUILD / "fault/hanging_sync.so", HANG_WHILE=hang)
    site.send(EVENT % 0)
    site.wait_for_events(1)
    hang.touch()
    with contextlib.ExitStack() as stack:
        opened = send_one_each(site, stack, 1)
        wait_for("the event to be read", lambda: left_in_socket(site, opened[0]) == 0)
        took = stop(collector, 1)
    said = re.search(r"the disk did not answer.* uncommitted_bytes=(\d+)", collector.log)
    assert said and int(said[1]) == len(EVENT % 1) and took > 5, collector.log


def test_a_stop_does_not_wait_for_a_disk_that_hangs_behind_a_full_intake(site):
    hang = site.directory / "hang"
    collector = site.collector(LD_PRELOAD=BUILD / "fault/hanging_sync.so", HANG_WHILE=hang)
    site.send(EVENT % 0)
    site.wait_for_events(1)
    hang.touch()
    senders = [Sender(site, i * 10_000_000) for i in range(8)]
    for s in senders:
        s.start()
    before = [0]

    def is_full():
        time.sleep(0.5)
        before.append(sum(s.sent for s in senders))
        return before[-1] == before[-2]
    wait_for("full sockets behind a full intake", is_full)
    stop(collector, 1)
    assert re.search(r"the disk did not answer.* uncommitted_bytes=[1-9]\d* unread_bytes=[1-9]", collector.log), collector.log
    for s in senders:
        s.connection.close()


TESTS = {**globals(), **COMMITTED, **SAID, **SIGNALS}
if IS_SANITIZED:
    for name in [name for name in TESTS if name.startswith("test_a_stop_does_not_wait_for_a_disk_that_hangs")]:
        TESTS.pop(name)  # a sanitizer wants to be loaded first
main(TESTS)
