"""Places: one host floods with connections of every kind, and each other host keeps what it has and gets what it needs.

The addresses of the loopback network are hosts: 127.1.0.1 floods, the others are appliances.
"""
import contextlib
import pathlib
import resource
import socket
import sqlite3
import threading
import time

from support.environment import IS_SANITIZED, size
from support.tap import main, tests_of
from support.waiting import wait_for

FILES_MAX = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
FLOOD = min(size("PLACES_FLOOD", 600, 200), FILES_MAX - 200)
PLACES = size("PLACES_MAX_CONNECTIONS", 64, 64)
FLOODER, QUIET, OTHER = "127.1.0.1", "127.0.0.3", "127.0.0.4"
SECONDS = size("PLACES_SECONDS", 2, 2)  # a flood lasts at least so long
PROMPT_S = 5  # the contract: another host's event is a row within this time
FILLINGS = (0, 10 << 10, 50 << 10)  # so large are the events of other hosts
LOG_LINES = 80  # of a flood of any size, from any number of addresses: 16 addresses of each kind of line

resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))


def event(uid, filling=0):
    return b"<EVENT><cn>%s</cn>%s</EVENT>" % (uid.encode(), b"x" * filling)


def connect(site, source):
    return socket.create_connection(("127.0.0.1", site.port), 30, (source, 0))


def is_open(s):
    """The collector never sends: what can be read is the end."""
    s.setblocking(False)
    try:
        return s.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    finally:
        s.setblocking(True)


def has_row(site, uid):
    return site.value("SELECT count(*) FROM events WHERE uid = ?", uid) > 0


def wait_for_row(site, uid):
    started = time.monotonic()
    wait_for(f"the event {uid}", lambda: has_row(site, uid))
    return time.monotonic() - started


def send_one(site, source, uid, filling=0):
    """A connection of its own for one event. Returns how long it took to be a row."""
    with connect(site, source) as s:
        s.sendall(event(uid, filling))
        return wait_for_row(site, uid)


def problems(site):
    shown = site.command("collector", "healthcheck", "--strict")
    return shown.stdout + shown.stderr


class Flood:
    """Many connections, and a few more all the time until it is finished; the latest ones drip, if at all.

    Each begins with one of `beginnings`, in turn, or what its socket takes of that.
    """

    def __init__(self, site, beginnings, drip, addresses, count=FLOOD):
        self.site, self.beginnings, self.drip, self.addresses, self.count = site, beginnings, drip, addresses, count
        self.sockets, self.connected = [], 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def open_one(self):
        with contextlib.suppress(OSError):
            n = self.connected % self.addresses
            s = connect(self.site, f"127.1.{n // 250}.{n % 250 + 1}")
            self.sockets.append(s)
            self.connected += 1
            s.setblocking(False)
            s.send(self.beginnings[n % len(self.beginnings)])

    def run(self):
        while not self.stopped.is_set() and self.connected < self.count:
            self.open_one()
        while not self.stopped.wait(0.2):
            for s in self.sockets[-2 * PLACES:]:
                with contextlib.suppress(OSError):
                    s.send(self.drip)
            for _ in range(4):
                self.open_one()

    def finish(self):
        self.stopped.set()
        self.thread.join()
        for s in self.sockets:
            s.close()


def check_a_flood(site, beginnings, drip, addresses, **settings):
    """An appliance that has been quiet keeps its connection, and others connect as if there were no flood.

    Beside a flood of one address they are new ones. Among many new addresses one more is like all others: there it is a
    host that has sent before.
    """
    collector = site.collector(**{"MAX_CONNECTIONS": PLACES, **settings})
    with contextlib.ExitStack() as stack:
        quiet = stack.enter_context(connect(site, QUIET))
        quiet.sendall(event("first"))
        wait_for_row(site, "first")
        send_one(site, OTHER, "known")
        started = time.monotonic()
        flood = Flood(site, beginnings, drip, addresses)
        stack.callback(flood.finish)
        waits = []
        n = 0
        while flood.connected < FLOOD or time.monotonic() - started < SECONDS:
            other = OTHER if addresses > 1 else f"127.2.{n // 250}.{n % 250 + 1}"
            waits.append(send_one(site, other, f"other{n}", FILLINGS[n % len(FILLINGS)]))
            n += 1
        print(f"# {FLOOD} connections in {time.monotonic() - started:.1f} s; {n} events of another host,"
              f" the slowest a row after {max(waits):.2f} s")
        assert IS_SANITIZED or max(waits) < PROMPT_S, waits
        assert is_open(quiet)
        quiet.sendall(event("last"))
        assert wait_for_row(site, "last") < PROMPT_S or IS_SANITIZED
    assert "connections_full" not in collector.log
    wait_for("the flood to be gone", lambda: not is_anyone_connected(site))
    site.send(event("after"))
    wait_for_row(site, "after")
    collector.stop()
    lines = collector.log.splitlines()
    assert len(lines) <= LOG_LINES, "\n".join(lines)
    if beginnings == UNFINISHED:
        kept = site.value("SELECT count(*) FROM rejects WHERE payload = ?", UNFINISHED[0])
        assert kept >= FLOOD - PLACES, f"each unfinished event is a reject: {kept}"


def is_anyone_connected(site):
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(f":{site.port:04X}") and row[3] == "01" for row in rows)


UNFINISHED = [b"<EVENT><cn>unfinished"]
FLOODS = {
    "a_flood_of_empty_connections_harms_nobody_else": ([b""], b"", 1),
    "a_flood_of_single_bytes_harms_nobody_else": ([b"<"], b"", 1),
    "a_flood_of_unfinished_events_harms_nobody_else": (UNFINISHED, b"", 1),
    "a_flood_of_slow_senders_harms_nobody_else": ([b"<EVENT><cn>"], b"x", 1),
    "a_flood_of_connections_with_events_harms_nobody_else": ([event("flood")], b"", 1),
    "a_flood_from_many_addresses_harms_nobody_else": ([b"<"], b"<", FLOOD),
}
globals().update(tests_of(check_a_flood, FLOODS))


def test_a_host_that_comes_back_amid_a_flood_from_many_addresses_has_its_place_at_once(site):
    """It connects for each of its events, and takes its time; meanwhile all others come and go."""
    site.collector(MAX_CONNECTIONS=PLACES)
    send_one(site, OTHER, "before")
    flood = Flood(site, [b"<"], b"<", FLOOD)
    with contextlib.ExitStack() as stack:
        stack.callback(flood.finish)
        wait_for("all places to be taken", lambda: flood.connected > PLACES)
        other = stack.enter_context(connect(site, OTHER))
        come = flood.connected
        wait_for("all others to be replaced", lambda: flood.connected > come + 2 * PLACES)
        other.sendall(event("amid"))
        wait_for_row(site, "amid")


def test_a_flood_of_events_that_fill_the_memory_harms_nobody_else(site):
    """Beginnings of every size, the large ones first, that go on too fast to be given up, and never end."""
    beginnings = [b"<EVENT>" + b"x" * (kib << 10) for kib in (400, 400, 12, 50, 20, 6, 120, 14)]
    check_a_flood(site, beginnings, b"x" * 2000, 1, MAX_CONNECTIONS=200, INTAKE_MEMORY="16M")


def test_a_flood_of_events_that_lack_one_byte_harms_nobody_else(site):
    check_a_flood(site, [b"<EVENT>".ljust((1 << 20) - 1, b"x")], b"", 1, MAX_CONNECTIONS=256)


def test_a_flood_of_full_sockets_harms_nobody_else(site):
    """As many usual events as a host can send over many connections: at almost every moment the intake is full."""
    events = event("flood", 2000) * 100
    check_a_flood(site, [events], events, 1)


def test_where_every_address_has_sent_events_the_newcomer_is_closed(site):
    collector = site.collector(MAX_CONNECTIONS=2)
    with contextlib.ExitStack() as stack:
        senders = [stack.enter_context(connect(site, source)) for source in (QUIET, OTHER)]
        for n, s in enumerate(senders):
            s.sendall(event(f"n{n}"))
            wait_for_row(site, f"n{n}")
        newcomers = [stack.enter_context(connect(site, "127.0.0.5")) for _ in range(50)]
        wait_for("the newcomers to be closed", lambda: not any(map(is_open, newcomers)))
        assert all(map(is_open, senders))
        assert "connections_full" in problems(site)
        senders[0].close()
        wait_for("the problem to end", lambda: "connections_full" not in problems(site))
        last = stack.enter_context(connect(site, "127.0.0.5"))
        last.sendall(event("last"))
        wait_for_row(site, "last")
        assert is_open(senders[1]) and is_open(last)
    assert collector.log.count("nobody can go") == 2, collector.log  # the problem's, and the newcomer's line
    assert collector.log.count('"new senders are accepted again"') == 1
    assert "remedy=\"raise MAX_CONNECTIONS\"" in collector.log


def test_at_the_ceiling_nothing_is_lost_while_nothing_is_read(site):
    collector = site.collector(MAX_CONNECTIONS=8, INTAKE_MEMORY="8M")
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None, timeout=30)) as db:
        db.execute("BEGIN IMMEDIATE")  # so nobody else can commit
        with contextlib.ExitStack() as stack:
            filling = stack.enter_context(connect(site, OTHER))
            filling.settimeout(1)
            with contextlib.suppress(TimeoutError):
                while True:
                    filling.sendall(event("x" * 100000))
            for n in range(40):
                s = stack.enter_context(connect(site, QUIET))
                s.sendall(event(f"n{n}"))
            collector.wait_for_log("is reached by senders that are not read: new senders wait")
        db.execute("ROLLBACK")
    wait_for("all events", lambda: site.value("SELECT count(*) FROM events WHERE uid LIKE 'n%'") == 40)
    wait_for("the problem to end", lambda: "new senders are accepted again" in collector.log)


def test_one_address_may_be_limited(site):
    site.collector(MAX_CONNECTIONS_PER_SOURCE=2)
    with contextlib.ExitStack() as stack:
        proven, idle = (stack.enter_context(connect(site, QUIET)) for _ in range(2))
        proven.sendall(event("proven"))
        wait_for_row(site, "proven")
        third = stack.enter_context(connect(site, QUIET))
        third.sendall(event("third"))
        wait_for_row(site, "third")
        wait_for("the idlest to be closed", lambda: not is_open(idle))
        others = [stack.enter_context(connect(site, f"127.0.0.{n}")) for n in range(10, 20)]
        for s in others:
            s.sendall(event("other"))
        wait_for("all others", lambda: site.value("SELECT count(*) FROM events WHERE uid = 'other'") == len(others))
        assert is_open(proven) and is_open(third) and all(map(is_open, others))


def test_connections_and_their_ends_are_logged(site):
    collector = site.collector(MAX_CONNECTIONS=8)
    with connect(site, QUIET) as s:
        s.sendall(event("a"))
        wait_for_row(site, "a")
        with contextlib.ExitStack() as stack:
            for _ in range(7):
                stack.enter_context(connect(site, FLOODER))
            collector.wait_for_log(f'"one address holds three quarters of MAX_CONNECTIONS" source={FLOODER}')
    collector.wait_for_log(f'info "sender disconnected" source={QUIET} connected_s=0 events=1')
    collector.stop()
    assert collector.log.count(f'info "sender connected" source={QUIET}') == 1
    assert collector.log.count(f'info "sender connected" source={FLOODER}') == 1
    assert '"more senders connected and disconnected" connected=6 disconnected=6' in collector.log, collector.log


main(dict(globals()))
