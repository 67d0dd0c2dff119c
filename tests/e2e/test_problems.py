"""Every problem is provoked, and seen where people and monitoring look: verdict, remedy, exit codes, log, /healthz, metric and
page's document. It ends by itself once its cause has ended, and none makes /livez fail but a thread that stands still.

With TEST_ALERTS=1 each alert is waited for, too (up to 11 minutes, all beside each other), and the times are printed:
docs/monitoring.md has the table."""
import concurrent.futures
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from s3_stub import ALWAYS, Step, Stub, error
from support.disk import MIB, SMALL, fill
from support.environment import size
from support.ports import reserve_port
from support.site import Site
from support.tap import main
from support.waiting import wait_for

WITH_ALERTS = bool(os.environ.get("TEST_ALERTS"))
BESIDE = 28 if WITH_ALERTS else 6  # sites at once: they mostly wait
SIGN_S = 60                        # a busy machine may take longer than the 10 s that are promised
LOST, HELD, WAITING, DEGRADED = "being lost", "held back", "waiting, a person is needed", "degraded"
FLOWING, NOTHING = "flowing", "nothing has arrived yet"
SEVERITY = {LOST: "critical", HELD: "critical", WAITING: "critical", DEGRADED: "warning", FLOWING: "info", NOTHING: "info"}
EXIT_CODES = {"critical": 2, "warning": 1, "info": 0}


class World:
    """An installation with both status servers, an S3 server and somebody who is alerted."""

    def __init__(self, directory):
        self.site, self.stub = Site(directory), Stub()
        self.ports = {"collector": reserve_port(), "uploader": reserve_port()}
        self.alerts = Alerts() if WITH_ALERTS else None
        self.programs = {}
        self.unwanted = contextlib.ExitStack()

    def collector(self, **settings):
        self.programs["collector"] = self.site.collector(STATUS_PORT=self.ports["collector"], **settings)
        return self.programs["collector"]

    def uploader(self, **settings):
        more = {"ALERT_URL": self.alerts.url} if self.alerts else {}
        self.programs["uploader"] = self.site.uploader(
            **{**self.stub.settings(), "UPLOADER_STATUS_PORT": self.ports["uploader"], **more, **settings})
        return self.programs["uploader"]

    def both(self, **settings):
        """At work: events have arrived and are shipped."""
        self.collector(**settings)
        self.uploader()
        self.site.send_events(3)
        self.site.wait_for_events(3)
        self.site.wait_until_shipped()

    def get(self, path, program="collector"):
        """(status, text) of an answer; (0, "") if nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[program]}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""

    def shown(self):
        """What `status` tells: (exit code, document)."""
        done = self.site.command("uploader", "status", "--json")
        return done.returncode, json.loads(done.stdout)

    def log(self):
        return "".join(program.log for program in self.programs.values())

    def close(self):
        self.unwanted.close()
        self.site.close()
        self.stub.close()
        if self.alerts:
            self.alerts.close()


class Alerts:
    """A receiver of ALERT_URL: [(when, message)]."""

    def __init__(self):
        self.messages = []
        alerts = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                alerts.messages.append((time.monotonic(), body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def first(self, code):
        return next((at for at, message in self.messages if message.get("event") == "begin" and message.get("code") == code), None)


# ---- the causes: each is a context in which the problem holds ----

@contextlib.contextmanager
def locked(world):
    """Another program has the spool for itself while the collector starts."""
    world.both()
    world.programs["collector"].kill()
    with contextlib.closing(sqlite3.connect(world.site.spool, isolation_level=None, timeout=30)) as db:
        db.execute("BEGIN EXCLUSIVE")
        world.collector()
        yield
        db.execute("ROLLBACK")


@contextlib.contextmanager
def writer_locked(world):
    world.both()
    with contextlib.closing(sqlite3.connect(world.site.spool, isolation_level=None, timeout=30)) as db:
        db.execute("BEGIN IMMEDIATE")
        world.site.acmsim("--count", 20)
        yield
        db.execute("ROLLBACK")


@contextlib.contextmanager
def log_deleted(world):
    world.both()
    world.site.spool.with_name("spool.db-wal").unlink()
    yield
    for name in "uploader", "collector":
        world.programs[name].kill()
    world.collector()
    world.uploader()


@contextlib.contextmanager
def spool_moved(world):
    world.both()
    away = world.site.spool.with_name("away.db")
    world.site.spool.rename(away)
    world.site.acmsim("--count", 20)
    yield
    away.rename(world.site.spool)


@contextlib.contextmanager
def newer_schema(world):
    world.both()
    schema = world.site.value("PRAGMA user_version")
    world.site.change(f"PRAGMA user_version = {schema // 100 * 100 + 100}")
    world.site.acmsim("--count", 20)
    yield
    world.programs["uploader"].process.wait(30)
    world.site.change(f"PRAGMA user_version = {schema}")
    world.uploader()


@contextlib.contextmanager
def small_disk(world):
    place = world.site.directory / "var"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=250m", "tmpfs", place], check=True)
    world.unwanted.callback(subprocess.run, ["umount", "-l", place], check=True)
    world.both(**SMALL)
    yield place


@contextlib.contextmanager
def disk_full(world):
    with small_disk(world) as place:
        ballast = fill(place, 4 * MIB)
        yield
        ballast.unlink()


@contextlib.contextmanager
def disk_nearly_full(world):
    with small_disk(world) as place:
        ballast = fill(place, 12 * MIB)
        yield
        ballast.unlink()


@contextlib.contextmanager
def at_ceiling(world):
    world.stub.go_away()
    world.collector(SPOOL_MAX_SIZE="16M")
    world.uploader()
    world.site.acmsim("--count", 20000)
    yield
    world.stub.start_listening()


@contextlib.contextmanager
def no_place(world):
    world.both(MAX_CONNECTIONS=2)
    with contextlib.ExitStack() as stack:
        def connect(source):
            return stack.enter_context(socket.create_connection(("127.0.0.1", world.site.port), 10, (source, 0)))
        before = world.site.value("SELECT last_event_id FROM _intake")
        for n, source in enumerate(("127.0.0.3", "127.0.0.4")):
            connect(source).sendall(b"<EVENT><cn>1</cn></EVENT>")
            world.site.wait_for_events(before + n + 1)
        stop = threading.Event()

        def knock():
            while not stop.wait(0.2):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", world.site.port), 10, ("127.0.0.5", 0)).close()
        thread = threading.Thread(target=knock)
        thread.start()
        stack.callback(thread.join)
        stack.callback(stop.set)
        yield


@contextlib.contextmanager
def many_rejects(world):
    world.collector(REJECTS_MAX_SIZE="1M")
    world.uploader(REJECTS_PREFIX="none")
    world.site.send((b"<EVENT>" + b"<x>" * 20000 + b"</EVENT>") * 40)
    yield
    assert world.site.command("uploader", "rejects", "dismiss", "--all").returncode == 0


@contextlib.contextmanager
def long_reader(world):
    world.both()
    with contextlib.closing(sqlite3.connect(world.site.spool, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM _event").fetchone()
        world.site.send_events(40000)
        yield
        db.execute("COMMIT")


@contextlib.contextmanager
def memory_used_up(world):
    """Senders with large unfinished events, whom nobody is slower than: they go on, byte by byte."""
    world.both(INTAKE_MEMORY="8M", MAX_MESSAGE_SIZE="1M")
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        senders = []
        for n in range(24):
            s = stack.enter_context(socket.create_connection(("127.0.0.1", world.site.port), 10))
            s.setblocking(False)
            senders.append(s)

        def feed():
            for s in senders:
                with contextlib.suppress(OSError):
                    s.send(b"<EVENT><x>" + b"x" * 900000)
            while not stop.wait(0.05):
                for s in senders:
                    with contextlib.suppress(OSError):
                        s.send(b"x" * 16384)
        thread = threading.Thread(target=feed)
        thread.start()
        stack.callback(thread.join)
        stack.callback(stop.set)
        yield


@contextlib.contextmanager
def checkpointer_hangs(world):
    """The thread that copies the log waits for the disk in a call of its own; commits go on."""
    world.both()
    pid = world.programs["collector"].process.pid
    threads = {pathlib.Path(path).read_text().strip(): path.split("/")[-2]
               for path in map(str, pathlib.Path(f"/proc/{pid}/task").glob("*/comm"))}
    assert "checkpointer" in threads, threads
    trace = world.site.owns(subprocess.Popen(
        ["strace", "-p", threads["checkpointer"], "-o", "/dev/null", "-e", "trace=fdatasync",
         "-e", "inject=fdatasync:delay_enter=90000000"], stderr=subprocess.PIPE, text=True))
    assert "attached" in trace.stderr.readline()
    world.site.send_events(8000)
    yield
    trace.wait(0.1) if trace.poll() is not None else trace.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def silent_sender(world):
    world.both()
    day_ms = 86400000
    world.site.change(f"UPDATE _sender SET days = 2, events = 100, last_received_at = last_received_at - 2 * {day_ms}")
    yield
    world.site.send_events(3)


@contextlib.contextmanager
def sending(world, data):
    """Once, and again every minute."""
    stop = threading.Event()

    def send():
        world.site.send(data)
        while not stop.wait(60):
            world.site.send(data)
    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def malformed(world):
    world.both()
    with sending(world, b"<EVENT>&</EVENT>"):
        yield
    world.site.change("UPDATE _reject SET received_at = received_at - 600000")
    world.site.change("UPDATE _counter SET last_at = last_at - 600000")


@contextlib.contextmanager
def unknown_element(world):
    world.both()
    with sending(world, b"<Alarm><cn>1</cn></Alarm>"):
        yield
    world.site.change("UPDATE _reject SET received_at = received_at - 600000")
    world.site.change("UPDATE _counter SET last_at = last_at - 600000")


@contextlib.contextmanager
def store_says(world, behaviour):
    world.both()
    world.stub.set_script(Step("PUT", behaviour, times=ALWAYS))
    world.site.send_events(3)
    yield
    world.stub.set_script()


def refuses(code, status=403):
    return lambda world: store_says(world, error(status, code))


@contextlib.contextmanager
def store_away(world):
    world.both()
    world.stub.go_away()
    world.site.send_events(3)
    yield
    world.stub.start_listening()


@contextlib.contextmanager
def keys_wrong_at_the_start(world):
    """Before the first batch."""
    world.collector()
    world.stub.set_script(Step("PUT", error(403, "InvalidAccessKeyId"), times=ALWAYS))
    world.uploader()
    yield
    world.stub.set_script()


@contextlib.contextmanager
def clock_ahead(world):
    world.stub.ahead_seconds = 3600
    world.both()
    yield
    world.stub.ahead_seconds = 0
    world.site.send_events(3)


@contextlib.contextmanager
def destination_silent(world):
    world.stub.go_away()
    world.collector()
    world.uploader()
    yield
    world.stub.start_listening()


@contextlib.contextmanager
def collector_dead(world):
    world.both()
    world.programs["collector"].kill()
    yield
    world.collector()


@contextlib.contextmanager
def uploader_dead(world):
    world.both()
    world.programs["uploader"].kill()
    yield
    world.uploader()


@contextlib.contextmanager
def old_backlog(world):
    world.both()
    world.stub.set_script(Step("PUT", error(503, "SlowDown"), times=ALWAYS))
    world.site.send_events(3)
    world.site.wait_for_events(6)
    world.site.change("UPDATE _event SET received_at = received_at - 3600000 WHERE id > 3")
    yield
    world.stub.set_script()


@contextlib.contextmanager
def to_a_directory(world):
    world.collector()
    world.site.uploader(UPLOADER_STATUS_PORT=world.ports["uploader"])
    world.site.send_events(3)
    yield
    world.site.running[-1].stop()
    world.uploader()


@contextlib.contextmanager
def nothing_sent(world):
    world.collector()
    world.uploader()
    yield
    world.site.send_events(3)


class Row:
    def __init__(self, code, program, flow, cause, *, livez=200, logged=True, seconds=SIGN_S):
        self.code, self.program, self.flow, self.cause = code, program, flow, cause
        self.livez, self.logged, self.seconds = livez, logged, seconds


ROWS = [
    Row("collector_absent", "collector", LOST, collector_dead),
    Row("thread_stalled", "collector", HELD, checkpointer_hangs, livez=503, seconds=120),
    Row("commit_failing", "collector", HELD, writer_locked),
    Row("paused_disk", "collector", HELD, disk_full),
    Row("paused_ceiling", "collector", HELD, at_ceiling),
    Row("connections_full", "collector", HELD, no_place),
    Row("wal_lost", "collector", HELD, log_deleted),
    Row("spool_replaced", "collector", HELD, spool_moved),
    Row("schema_too_new", "collector", HELD, newer_schema),
    Row("credentials", "uploader", WAITING, keys_wrong_at_the_start),
    Row("s3_refused", "uploader", WAITING, refuses("AccessDenied")),
    Row("batch_blocked", "uploader", WAITING, refuses("EntityTooLarge", 400)),
    Row("uploader_absent", "uploader", WAITING, uploader_dead),
    Row("s3_unreachable", "uploader", DEGRADED, store_away),
    Row("backlog_old", "uploader", DEGRADED, old_backlog),
    Row("disk_low", "collector", DEGRADED, disk_nearly_full),
    Row("clock_wrong", "uploader", DEGRADED, clock_ahead),
    Row("foreign_reader", "collector", DEGRADED, long_reader),
    Row("rejects_capped", "collector", DEGRADED, many_rejects),
    Row("sender_silent", "collector", DEGRADED, silent_sender),
    Row("rejects_arriving", "collector", DEGRADED, malformed),
    Row("unknown_elements", "collector", DEGRADED, unknown_element),
    Row("intake_full", "collector", DEGRADED, memory_used_up),
    Row("trial_mode", "uploader", FLOWING, to_a_directory, logged=False),
    Row("starting", "collector", FLOWING, locked, logged=False),
    Row("nothing_received", "collector", NOTHING, nothing_sent, logged=False),
    Row("destination_unproven", "uploader", NOTHING, destination_silent, logged=False),
]


# ---- what must be seen ----

def problem_of(world, row):
    found = [p for p in world.shown()[1]["problems"] if (p["code"], p["program"]) == (row.code, row.program)]
    return found[0] if found else None


def metric(world, row):
    program = "uploader" if row.code == "collector_absent" else "collector"
    text = world.get("/metrics", program)[1]
    found = re.search(rf'^eventspool_problem\{{code="{row.code}",program="{row.program}"\}} (\d)$', text, re.MULTILINE)
    return int(found[1]) if found else None


def assert_seen(world, row):
    severity = SEVERITY[row.flow]
    code, document = world.shown()
    problem = problem_of(world, row)
    is_explained = severity == "info" and any(p["remedy"] for p in document["problems"] if p["severity"] != "info")
    assert problem["message"] and (problem["remedy"] or is_explained) and problem["severity"] == severity, problem
    worst = max(("info", "warning", "critical").index(p["severity"]) for p in document["problems"])
    assert code == worst and code >= EXIT_CODES[severity], (code, document["problems"])
    if document["problems"][0]["code"] == row.code:
        assert document["verdict"] == row.flow or severity == "info", document["verdict"]
    strict = world.site.command(row.program, "healthcheck", "--strict")
    assert severity == "info" or strict.returncode == 1 or row.code == "backlog_old", strict
    if row.code == "collector_absent":
        return
    wait_for("/healthz to tell the same", lambda: health_agrees(world, row))
    livez = world.get("/livez")
    assert livez[0] == row.livez, livez
    is_held = row.flow == HELD and row.code != "connections_full" or row.code == "starting"
    readyz = world.get("/readyz")
    assert readyz[0] == (503 if is_held else 200), readyz


def health_agrees(world, row):
    """What /healthz knows of others is some seconds old where nobody has asked for it."""
    worst = max(("info", "warning", "critical").index(p["severity"]) for p in world.shown()[1]["problems"])
    healthz, body = world.get("/healthz")
    told = {p["code"] for p in json.loads(body)["problems"]}
    return (healthz == (503 if worst else 200) and json.loads(body)["status"] == ("ok", "warning", "critical")[worst] and
            (row.code in told) == (SEVERITY[row.flow] != "info"))


def wait_for_alert(world, row, began):
    if not world.alerts or SEVERITY[row.flow] == "info" or row.code == "uploader_absent":
        return None
    wait_for(f"the alert of {row.code}", lambda: world.alerts.first(row.code), 800)
    return world.alerts.first(row.code) - began


def check(row, directory):
    world = World(directory)
    try:
        with row.cause(world):
            began = time.monotonic()
            wait_for(f"the sign of {row.code}", lambda: problem_of(world, row), row.seconds)
            took = time.monotonic() - began
            if row.code != "thread_stalled":
                wait_for(f"the metric of {row.code}", lambda: metric(world, row) == 1, SIGN_S)
                wait_for(f"/healthz with {row.code}", lambda: row.code in world.get("/status.json")[1] or
                         row.code == "collector_absent", SIGN_S)
            if row.logged:
                wait_for(f"the log's line of {row.code}", lambda: f"problem={row.code}" in world.log(), SIGN_S)
            assert_seen(world, row)
            told = wait_for_alert(world, row, began)
        wait_for(f"the end of {row.code}", lambda: problem_of(world, row) is None, 120)
        wait_for(f"the end in the metrics of {row.code}", lambda: metric(world, row) == 0, SIGN_S)
        print(f"# {row.code}: sign after {took:.1f} s" + (f", alert after {told:.0f} s" if told else ""))
    except Exception as e:
        raise AssertionError(f"{world.log()[-3000:]}") from e
    finally:
        world.close()


def test_each_code_of_the_table_is_provoked(site):
    listed = set(re.findall(r'^\s+\[PROBLEM_\w+\] =\s+\{"(\w+)"', (pathlib.Path(__file__).parents[2] / "common/problem.c").read_text(),
                            re.MULTILINE))
    assert listed == {row.code for row in ROWS} | {"stopping"}  # test_stop.py


def test_problems_are_seen_everywhere_and_end_with_their_causes(site):
    failures = []

    def run(row):
        with tempfile.TemporaryDirectory(prefix="eventspool-") as directory:
            try:
                check(row, directory)
            except AssertionError as e:
                failures.append(f"{row.code}: {e.__cause__!r}\n{e}")
    wanted = os.environ.get("TEST_PROBLEM")
    with concurrent.futures.ThreadPoolExecutor(BESIDE) as pool:
        list(pool.map(run, [row for row in ROWS if wanted in (None, row.code)]))
    assert not failures, "\n\n".join(failures)


if __name__ == "__main__":
    main(dict(globals()))
