"""A start that has to wait: the port is open, `starting` is said with the cause, and it goes on by itself."""
import contextlib
import fcntl
import http.client
import json
import os
import re
import socket
import sqlite3
import struct
import subprocess
import time

from support.disk import MIB, SMALL, fill, with_small_disk
from support.environment import IS_SANITIZED
from support.ports import reserve_port
from support.tap import main, skip
from support.waiting import wait_for

WITHIN_S = 10 if IS_SANITIZED else 1
NOT_YET = "192.0.2.77"  # an address of nobody (RFC 5737), given to this machine by a test


def codes(site):
    """The problems that the collector publishes, without opening the spool."""
    text = site.spool.with_name("spool.db-collector.lock").read_text()
    return re.findall(r"^([a-z_]+)\t\d+\t", text, re.MULTILINE)


def message(site, code):
    text = site.spool.with_name("spool.db-collector.lock").read_text()
    return re.search(rf"^{code}\t\d+\t\d+\t([^\t]*)\t([^\t]*)$", text, re.MULTILINE)


def waits(site):
    """The collector waits to start, perhaps for so long on a busy machine that it is an alarm by now."""
    return "starting" in codes(site)


def is_well_strictly(site):
    """Whether `healthcheck --strict` has nothing to say; None if the start has become an alarm on a busy machine."""
    code = site.command("collector", "healthcheck", "--strict").returncode
    return None if "commit_failing" in codes(site) else code == 0


def start(site, **settings):
    """Returns the collector when its port is open, and after how many seconds that was."""
    since = time.monotonic()
    collector = site.collector(**settings)
    return collector, time.monotonic() - since


def health(port):
    """The code and the verdict of /healthz."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())["verdict"]


def killed(site, events):
    """A collector that ended without a stop; what it left in the log is in doubt."""
    collector = site.collector()
    site.send_events(events)
    site.wait_for_events(events)
    collector.kill()


def test_a_readers_open_transaction_keeps_nobody_from_connecting(site):
    killed(site, 100)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN")
        assert db.execute("SELECT count(*) FROM events").fetchone() == (100,)
        collector, took = start(site)
        assert took < WITHIN_S, took
        wait_for("the problem to name its cause", lambda: waits(site) and
                 "locked" in message(site, "starting")[1])
        assert f"(process {os.getpid()})" in message(site, "starting")[1], "who reads is named"
        assert "close the program that reads" in message(site, "starting")[2]
        assert site.command("collector", "healthcheck").returncode == 0
        assert is_well_strictly(site) in (True, None), "a start is no reason for an alarm"
        sim = site.acmsim("--count", 50)
        assert sim.wait(60) == 0, "a sender can connect and send"
        assert db.execute("SELECT count(*) FROM events").fetchone() == (100,)
        db.execute("COMMIT")
    site.wait_for_events(150)
    assert codes(site) == [] and collector.log.count('"waiting to start') == 1
    collector.stop()


def test_a_command_says_what_it_waits_for(site):
    killed(site, 10)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM events").fetchone()
        collector, _ = start(site)
        waiting = site.start("collector", "rejects", "retry")
        wait_for("its word", lambda: "  starting: " in waiting.log)
        assert "waiting for the running collector" in waiting.log and waiting.process.poll() is None, waiting.log
        db.execute("COMMIT")
    assert waiting.process.wait(60) == 0 and "rejects validated again: 0" in waiting.log, waiting.log
    collector.stop()


def test_commands_are_served_while_nothing_is_read(site):
    collector = site.collector()
    site.send(b"<EVENT>")
    site.wait_for_spool()
    wait_for("the reject", lambda: site.value("SELECT count(*) FROM rejects") == 1)
    collector.stop()
    collector, _ = start(site, SPOOL_MIN_FREE="500000G")
    wait_for("the pause", lambda: "paused_disk" in codes(site))  # beside the reject
    done = site.command("collector", "rejects", "retry")
    assert done.returncode == 0 and "rejects validated again: 1" in done.stdout, done
    collector.stop()


def test_a_reader_does_not_hold_up_a_start_after_a_clean_end(site):
    collector = site.collector()
    site.send_events(10)
    site.wait_for_events(10)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM events").fetchone()
        collector.stop()
        assert site.spool.with_name("spool.db-wal").stat().st_size > 0, "the log stays for the reader"
        collector, took = start(site)
        assert took < WITHIN_S, took
        site.send_events(10)
        site.wait_for_events(20)
    collector.stop()


def test_a_write_lock_is_waited_out(site):
    killed(site, 10)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        collector, took = start(site)
        assert took < WITHIN_S, took
        wait_for("the problem", lambda: waits(site))
        collector.wait_for_log("waiting to start")
        check = site.command("collector", "healthcheck")
        assert check.returncode == 0 and "starting: " in check.stderr, check
        assert is_well_strictly(site) in (True, None)
        db.execute("ROLLBACK")
    site.send_events(10)
    site.wait_for_events(20)
    collector.stop()


def test_a_spool_that_stays_locked_at_the_start_is_an_alarm(site):
    killed(site, 10)
    port = reserve_port()
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        collector, _ = start(site, STATUS_PORT=port)
        uploader = site.uploader()
        collector.wait_for_log("waiting to start")
        wait_for("the alarm", lambda: codes(site) == ["starting", "commit_failing"], 10 + 10 * WITHIN_S)
        assert "locked" in message(site, "commit_failing")[1] and "close the program" in message(site, "commit_failing")[2]
        assert health(port) == (503, "held back")
        assert site.command("collector", "healthcheck").returncode == 0, "a restart does not help"
        assert site.command("collector", "healthcheck", "--strict").returncode == 1
        db.execute("ROLLBACK")
    wait_for("the end of both", lambda: codes(site) == [])
    assert collector.log.count('"cannot commit') == 1 and collector.log.count('"commits succeed again"') == 1, collector.log
    site.send_events(10)
    site.wait_for_events(20)
    uploader.stop()
    collector.stop()


def test_a_spool_that_another_program_has_for_itself_is_waited_for(site):
    killed(site, 10)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN IMMEDIATE")
        collector, took = start(site)
        assert took < WITHIN_S, took
        wait_for("the problem", lambda: waits(site))
        shown = site.command("uploader", "status", DESTINATION_DIR=site.objects)
        assert shown.returncode == 2 and "locked" in shown.stdout, shown  # no uploader runs, either
        assert re.search(r"^note         starting for .*\nwhat to do   close", shown.stdout, re.M), shown
        shown = site.command("uploader", "status", "--json", DESTINATION_DIR=site.objects)
        told = json.loads(shown.stdout)
        assert shown.returncode == 2 and "locked" in told["spool"]["error"] and "backlog" not in told, shown
        assert [problem["code"] for problem in told["collector"]["problems"]][0] == "starting", told
        db.execute("ROLLBACK")
    site.send_events(10)
    site.wait_for_events(20)
    collector.stop()


def test_a_schema_that_becomes_newer_while_starting_is_said_to_be(site):
    killed(site, 10)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute("BEGIN IMMEDIATE")
        collector, _ = start(site)
        wait_for("the problem", lambda: waits(site))
        db.execute("PRAGMA user_version = 900")
        db.execute("COMMIT")
        wait_for("the other problem", lambda: {"starting", "schema_too_new"} <= set(codes(site)))
        assert site.command("collector", "healthcheck", "--strict").returncode == 1
        db.execute(f"PRAGMA user_version = {version}")
    wait_for("the end of both", lambda: codes(site) == [])
    site.send_events(10)
    site.wait_for_events(20)
    collector.stop()


def test_a_stop_while_starting_says_what_it_leaves(site):
    killed(site, 10)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM events").fetchone()
        collector, _ = start(site)
        collector.stop()  # nothing has come
        collector, _ = start(site)
        with socket.create_connection(("127.0.0.1", site.port)) as s:
            s.sendall(b"<EVENT/>" * 3)
            wait_for("the problem", lambda: waits(site))
            collector.stop(1)
        assert re.search(r"not read\" bytes=24 connections=1 why=\"the spool could not be opened", collector.log), collector.log


@with_small_disk
def test_a_full_disk_after_a_kill_mends_itself_once_the_uploader_has_shipped(site, place):
    reserve = site.spool.with_name("spool.db-reserve")
    collector = site.collector(**SMALL)
    wait_for("the reserve", lambda: reserve.stat().st_blocks > 0)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN")  # so that all stays in the log, and settling it needs room in the spool's file
        db.execute("SELECT count(*) FROM events").fetchone()
        site.send_events(8000)
        wait_for("the events", lambda: site.value("SELECT last_event_id FROM _intake") == 8000)
        assert site.spool.stat().st_size < MIB < 16 * MIB < site.spool.with_name("spool.db-wal").stat().st_size
        collector.kill()
        fill(place, 0)
    collector, took = start(site, **SMALL)
    assert took < WITHIN_S, took
    wait_for("the pause", lambda: codes(site) == ["paused_disk"])
    assert reserve.stat().st_blocks == 0, "it took the reserve to settle the log"
    sim = site.acmsim("--count", 100)
    uploader = site.uploader(ROTATION_INTERVAL="1h")
    wait_for("the end of the pause", lambda: codes(site) in ([], ["disk_low"]))
    assert sim.wait(60) == 0
    site.wait_for_events(8100)
    uploader.stop()
    collector.stop()


@with_small_disk
def test_a_first_start_on_a_disk_without_a_byte_waits_for_room(site, place):
    (place / "spool.db-collector.lock").write_text("")  # its name has room; its content and the spool have none
    ballast = fill(place, 0)
    collector, took = start(site, **SMALL)
    assert took < WITHIN_S, took
    collector.wait_for_log("waiting to start: the spool cannot be opened yet")
    for arguments, code in ((), 0), (("--strict",), 1):
        check = site.command("collector", "healthcheck", *arguments)
        assert check.returncode == code and "its lock file is empty" in check.stderr, check
    shown = site.command("uploader", "status", DESTINATION_DIR=site.objects)
    assert shown.returncode == 2 and "its lock file is empty" in shown.stdout, shown
    os.truncate(ballast, ballast.stat().st_size - 65536)  # room for the lock file, not for the spool
    wait_for("the problem", lambda: "paused_disk" in codes(site), 15)
    check = site.command("collector", "healthcheck", "--strict")
    assert check.returncode == 1 and "paused_disk: " in check.stderr and "empty" not in check.stderr, check
    ballast.unlink()
    wait_for("the spool", lambda: "reading begins" in collector.log)
    wait_for("the end of the problems", lambda: codes(site) == [])
    assert collector.log.count("the lock file is written") == 1
    site.send_events(10)
    site.wait_for_events(10)
    collector.stop()


def set_address(address):
    """Gives the loopback interface a second address."""
    with socket.socket() as s:
        request = struct.pack("16sHH4s8s", b"lo:7", socket.AF_INET, 0, socket.inet_aton(address), b"")
        fcntl.ioctl(s, 0x8916, request)  # SIOCSIFADDR


def take_address_away():
    with socket.socket() as s, contextlib.suppress(OSError):
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14s", b"lo:7", 0, b""))  # SIOCSIFFLAGS: down


def test_an_address_that_comes_later_is_waited_for(site):
    collector = site.start("collector", PORT=site.port, BIND_HOST=NOT_YET, SPOOL_MIN_FREE="64M")
    collector.wait_for_log("waiting to start: senders cannot connect yet")
    assert f"BIND_HOST={NOT_YET} is no address of this machine now" in collector.log
    try:
        set_address(NOT_YET)
        collector.wait_for_log('"listening"')
        socket.create_connection((NOT_YET, site.port), 5).close()
        collector.stop()
    finally:
        take_address_away()


def test_an_address_that_does_not_come_ends_the_start_with_75(site):
    since = time.monotonic()
    done = site.command("collector", PORT=site.port, BIND_HOST=NOT_YET)
    assert done.returncode == 75 and "set BIND_HOST" in done.stderr, done
    assert 9 < time.monotonic() - since < 30
    assert not site.spool.exists()


def test_a_taken_port_ends_the_start_before_a_spool_is_made(site):
    with socket.create_server(("127.0.0.1", site.port)):
        done = site.command("collector", PORT=site.port, BIND_HOST="127.0.0.1")
    assert done.returncode == 75 and f"PORT={site.port}" in done.stderr, done
    assert not site.spool.exists()


def test_missing_descriptors_are_waited_for(site):
    """A limit that leaves none for the socket; it is raised while the start waits."""
    trace = site.directory / "strace.log"
    collector = site.start("collector", PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="64M",
                           under=["strace", "-f", "-o", trace, "-e", "trace=socket", "-e",
                                   "inject=socket:error=EMFILE:when=1..2"])
    collector.wait_for_log("waiting to start: senders cannot connect yet")
    assert "raise the limit of open files" in collector.log
    wait_for("the port", site.accepts)
    os.kill(int(site.spool.with_name("spool.db-collector.lock").read_text().split()[0]), 15)
    assert collector.process.wait(60) == 0


def test_a_limit_of_open_files_that_is_too_low_ends_the_start_with_75(site):
    for limit in 8, 12, 16, 20:
        collector = site.start("collector", PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="64M",
                               under=["prlimit", f"--nofile={limit}:{limit}"])
        assert collector.process.wait(60) == 75, (limit, collector.log)
        assert "remedy=\"raise the limit of open files" in collector.log and "[err]" not in collector.log, collector.log
    collector = site.start("collector", PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="64M",
                           under=["prlimit", "--nofile=27:27"])
    wait_for("the port", site.accepts)
    site.send_events(10)
    site.wait_for_events(10)
    collector.stop()


TESTS = dict(globals())
if os.geteuid() != 0:
    skip(TESTS, "needs root")
elif IS_SANITIZED:
    main({name: test for name, test in TESTS.items() if name != "test_missing_descriptors_are_waited_for"})
else:
    main(TESTS)
