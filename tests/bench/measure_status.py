"""measure_status -- what health, metrics and the page cost beside a load, and how fast they are with a large backlog.

Of the threads of the status the kernel counts the CPU time in nanoseconds (schedstat), which does not swing as the whole
program's does. The backlog is made with plain SQL, of BENCH_BACKLOG events that take 100 bytes or so each, while no program runs.
"""
import contextlib
import http.client
import pathlib
import sqlite3
import threading
import time

import proc
from support.waiting import wait_for
from installation import Installation, fresh_directory, fresh_installation

OFF = "STATUS_PORT=0"
ON = "on, and nobody asks"
SCRAPED = "on, /metrics and /status.json once a second"
NAMES = (OFF, ON, SCRAPED)
COLUMNS = (("CPU us/event", "cpu_us", 2), ("CPU of the status, ms/s", "status_ms", 2), ("% of the collector's", "share", 2))
PATHS = ("/livez", "/healthz", "/metrics", "/status.json", "/")
ASKS = 50


def answer(path):
    return f"GET {path}"


ANSWERS = tuple(answer(path) for path in PATHS)
ANSWER_COLUMNS = (("p50 ms", "p50_ms", 2), ("max ms", "max_ms", 2), ("bytes", "bytes", 0))


def measure(results, options):
    for _ in range(options.rounds):
        for name in NAMES:
            measure_load(results, options.events, name)
    measure_answers(results, options.backlog)


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()


@contextlib.contextmanager
def scraping(port):
    is_over = threading.Event()

    def scrape():
        while not is_over.wait(1):
            for path in ("/metrics", "/status.json"):
                assert get(port, path)[0] == 200
    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def status_seconds(pid):
    """CPU seconds of the thread that watches the spool, which also finds problems, and of the one that serves."""
    tasks = (path for path in pathlib.Path(f"/proc/{pid}/task").iterdir()
             if path.joinpath("comm").read_text().strip() in ("watch", "status-web"))
    return sum(int(path.joinpath("schedstat").read_text().split()[0]) for path in tasks) / 1e9


def measure_load(results, events, name):
    with fresh_directory() as directory, contextlib.closing(Installation(directory)) as site:
        site.start_collector(**({"STATUS_PORT": "0"} if name == OFF else {}))
        with scraping(site.status_port) if name == SCRAPED else contextlib.nullcontext():
            cpu, status = proc.cpu_seconds(site.pid), status_seconds(site.pid)
            seconds = site.load(events, 8)
            cpu, status = proc.cpu_seconds(site.pid) - cpu, status_seconds(site.pid) - status
        results.add(name, cpu_us=cpu / events * 1e6, status_ms=status / seconds * 1e3, share=status / cpu * 100)
        site.stop_collector()


def add_backlog(spool, count):
    """Rows as the collector would have left them, over the last day."""
    now = int(time.time() * 1000)
    with contextlib.closing(sqlite3.connect(spool, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
                   "INSERT INTO _event (id, received_at, total_bytes, bytes, source, sender, payload) "
                   "SELECT i, :now - 86400000 + i * 86400000 / :count, i * 60, 60, '192.0.2.1', 'cn=gate', "
                   "'<EVENT><cn>' || i || '</cn></EVENT>' FROM n", {"count": count, "now": now})
        db.execute("UPDATE _intake SET last_event_id = :count, event_bytes = :count * 60, received_bytes = :count * 60, "
                   "last_event_at = :now", {"count": count, "now": now})
        db.execute("COMMIT")


def measure_answers(results, backlog):
    with fresh_installation() as site:
        site.stop_collector()
        add_backlog(site.spool, backlog)
        site.start_collector()
        since = time.monotonic()
        wait_for("the figures", lambda: f"backlog_events {backlog}".encode() in get(site.status_port, "/metrics")[1])
        results.note("the status", f"{backlog:,} events wait; the first figures came {time.monotonic() - since:.1f} s after "
                                   "the collector listened")
        for path in PATHS:
            times = []
            for _ in range(ASKS):
                began = time.monotonic()
                body = get(site.status_port, path)[1]
                times.append((time.monotonic() - began) * 1000)
                time.sleep(0.05)
            results.add(answer(path), p50_ms=sorted(times)[ASKS // 2], max_ms=max(times), bytes=len(body))
        site.stop_collector()
