"""Senders: who may send, thousands of slow ones, the ceilings of connections, descriptors and memory, fairness."""
import contextlib
import os
import pathlib
import re
import resource
import shutil
import socket
import sqlite3
import statistics
import struct
import subprocess
import threading
import time

from support.environment import BIN, IS_SANITIZED, clean_environment, size
from support.tap import main
from support.waiting import wait_for

MIB = 1 << 20
FILES_MAX = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
CROWD = min(size("SENDERS_CROWD", 1990, 300), FILES_MAX - 200)
SPEED_EVENTS = size("SENDERS_SPEED_EVENTS", 60000, 3000)
ROUNDS = size("SENDERS_ROUNDS", 3, 1)
# Of the events that a second of the collector's processor time takes in. Not of a second: what else runs on the machine
# moves that by more than the crowd does.
SPEED_KEPT = 0.7
MEMORY_MAX = (64 + 16) * MIB  # INTAKE_MEMORY, and what the program itself may take

resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))


def event(uid, padding=0):
    return b"<EVENT><cn>%s</cn><pad>%s</pad></EVENT>" % (uid.encode(), b"x" * padding)


def connect(site, source=None):
    return socket.create_connection(("127.0.0.1", site.port), 30, source and (source, 0))


def is_open(s):
    """The collector never sends: what can be read is the end."""
    s.setblocking(False)
    try:
        return s.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    finally:
        s.setblocking(True)


def wait_until_closed(s):
    wait_for("the collector to hang up", lambda: not is_open(s))


def uids(site):
    return {uid for uid, in site.query("SELECT uid FROM events")}


def wait_for_uids(site, *wanted):
    wait_for(f"the events {wanted}", lambda: set(wanted) <= uids(site))


def wait_until_read(site):
    """Until nothing that was sent waits in the collector's sockets."""
    def is_read():
        rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ours = [row for row in rows if row[3] == "01" and f":{site.port:04X}" in (row[1][-5:], row[2][-5:])]
        return all(row[4] == "00000000:00000000" for row in ours)  # neither to be sent nor to be read
    wait_for("the collector to read all", is_read)


def descriptors(program):
    return {int(n) for n in os.listdir(f"/proc/{program.process.pid}/fd")}


def connections(program):
    """How many senders it holds: all its sockets except the listening one."""
    links = []
    for n in descriptors(program):
        with contextlib.suppress(FileNotFoundError):
            links.append(os.readlink(f"/proc/{program.process.pid}/fd/{n}"))
    return sum(link.startswith("socket:") for link in links) - 1


def cpu_seconds(program):
    fields = pathlib.Path(f"/proc/{program.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def assert_memory_bounded(program):
    """The most that was ever resident; a sanitizer's own memory says nothing."""
    status = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
    print(f"# peak memory {peak / MIB:.1f} MiB")
    assert IS_SANITIZED or peak <= MEMORY_MAX, f"{peak / MIB:.1f} MiB"


def assert_does_not_spin(program):
    """Two seconds of watching."""
    before = cpu_seconds(program)
    time.sleep(2)
    spent = cpu_seconds(program) - before
    assert spent < 0.2, f"{spent:.2f} s of CPU in 2 s"


class Crowd:
    """Slow senders in the middle of an event: every second one is silent, the others send a byte a second."""

    def __init__(self, site, count):
        self.sockets = [connect(site) for _ in range(count)]
        for n, s in enumerate(self.sockets):
            s.sendall(b"<EVENT><cn>slow%d</cn><pad>" % n)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.dribble)
        self.thread.start()

    def dribble(self):
        tenth = 0
        while not self.stopped.wait(0.1):
            for s in self.sockets[1::2][tenth % 10::10]:
                s.sendall(b"z")
            tenth += 1

    def finish(self):
        self.stopped.set()
        self.thread.join()
        for s in self.sockets:
            s.sendall(b"</pad></EVENT>")
            s.close()


def speed(site, collector):
    """Events of ten senders in a second of the collector's processor time, from the first byte to the last row."""
    before = site.value("SELECT last_event_id FROM _intake")
    spent = cpu_seconds(collector)
    site.send_events(SPEED_EVENTS, "--connections", 10, "--size", 500)
    site.wait_for_events(before + SPEED_EVENTS)
    return SPEED_EVENTS / (cpu_seconds(collector) - spent)


def test_two_thousand_slow_senders_take_neither_speed_nor_memory(site):
    collector = site.collector(MAX_CONNECTIONS=CROWD + 20)
    speed(site, collector)  # the spool's first growth must not count
    ratios = []
    for n in range(ROUNDS):
        alone = speed(site, collector)
        crowd = Crowd(site, CROWD)
        wait_for("the crowd", lambda: connections(collector) >= CROWD)
        crowded = speed(site, collector)
        crowd.finish()
        site.wait_for_events((2 * n + 3) * SPEED_EVENTS + (n + 1) * CROWD)
        ratios.append(crowded / alone)
        print(f"# {alone:.0f} events/s of processor time alone, {crowded:.0f} beside {CROWD} slow senders: {crowded / alone:.2f}")
    assert site.value("SELECT count(*) FROM rejects") == 0
    assert site.value("SELECT count(DISTINCT uid) FROM events WHERE uid LIKE 'slow%'") == CROWD
    assert_memory_bounded(collector)
    assert IS_SANITIZED or statistics.median(ratios) >= SPEED_KEPT, ratios


def test_many_connections_without_a_byte_leave_nothing(site):
    collector = site.collector()
    for n in range(size("SENDERS_EMPTY", 3000, 500)):
        with connect(site) as s:
            if n % 2:  # reset, not closed
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    site.send(event("last"))
    wait_for_uids(site, "last")
    wait_for("all of them to be gone", lambda: connections(collector) == 0)
    assert site.query("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM rejects)") == [(1, 0)]
    assert_memory_bounded(collector)


def test_out_of_descriptors_accepting_pauses_and_goes_on(site):
    collector = site.collector()
    pid = collector.process.pid
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(connect(site))
        old.sendall(event("before"))
        wait_for_uids(site, "before")
        used = descriptors(collector)
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        free = next(n for n in range(10000) if n not in used)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, limits[1]))
        new = [stack.enter_context(connect(site)) for _ in range(3)]
        for n, s in enumerate(new):
            s.sendall(event(f"new{n}"))
        collector.wait_for_log("out of descriptors or memory: new senders wait")
        assert_does_not_spin(collector)
        old.sendall(event("meanwhile"))
        wait_for_uids(site, "meanwhile")
        assert uids(site) == {"before", "meanwhile"}
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        wait_for_uids(site, "new0", "new1", "new2")
        assert is_open(old)
    assert collector.log.count("new senders wait") == 1


def test_the_limit_of_open_files_is_raised_to_fit_max_connections(site):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, limits[1]))  # the collector inherits it
    try:
        collector = site.collector(MAX_CONNECTIONS=300)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert "fewer senders" not in collector.log
    with contextlib.ExitStack() as stack:
        for n in range(300):
            stack.enter_context(connect(site)).sendall(event(f"n{n}"))
        wait_for("all 300", lambda: site.value("SELECT count(DISTINCT uid) FROM events") == 300)
        assert "new senders wait" not in collector.log


def test_a_low_hard_limit_is_reported_and_leaves_descriptors_for_the_spool(site):
    environment = {**clean_environment(), "SPOOL_PATH": str(site.spool), "PORT": str(site.port), "BIND_HOST": "::1",
                   "MAX_CONNECTIONS": "300"}
    command = ["prlimit", "--nofile=84:84", BIN / "collector"]
    shown = subprocess.run([*command, "check"], env=environment, cwd=site.directory, capture_output=True, text=True)
    for words in ("MAX_CONNECTIONS=300 needs 364 open files", "the system allows 84", "LimitNOFILE=", "lower MAX_CON"):
        assert words in shown.stdout, (words, shown)
    assert shown.returncode == 1
    with open(site.directory / "low.log", "w+") as log:
        low = site.owns(subprocess.Popen(command, env=environment, cwd=site.directory, stderr=log))
        wait_for("the collector to listen", lambda: '"listening"' in (site.directory / "low.log").read_text())
        with contextlib.ExitStack() as stack:
            senders = [stack.enter_context(socket.create_connection(("::1", site.port))) for _ in range(40)]
            senders[-1].sendall(event("last"))
            wait_for_uids(site, "last")
            assert len(os.listdir(f"/proc/{low.pid}/fd")) < 64
        low.terminate()
        assert low.wait(60) == 0
        assert "enough for 20 senders at once" in (site.directory / "low.log").read_text()


@contextlib.contextmanager
def spool_locked(site):
    """Nobody else can write to the spool: the collector cannot commit, and reads until it has no room."""
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None, timeout=30)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield


def fill(s, bytes_, padding):
    """Sends whole events until the collector reads no more: true. False: the limit of bytes was sent, and it still reads."""
    s.setblocking(False)
    data = event("fill", padding) * (200000 // padding + 1)
    sent, rest, stuck = 0, data, time.monotonic()
    while sent < bytes_ and time.monotonic() - stuck < 1:
        with contextlib.suppress(BlockingIOError):
            n = s.send(rest)
            sent, rest, stuck = sent + n, rest[n:] or data, time.monotonic()
    s.setblocking(True)
    return sent < bytes_


LARGE = size("SENDERS_LARGE", 54, 40)
LARGE_BYTES = 999000


def send_large_beginnings(site, stack, after_each):
    """Each of many senders in the middle of an event of about 1 MB, and the rest of it and another one later."""
    senders = [stack.enter_context(connect(site)) for _ in range(LARGE)]
    for n, s in enumerate(senders):
        s.sendall(b"<EVENT><cn>large%d</cn><pad>" % n + b"x" * LARGE_BYTES)
        after_each(n)
    for n, s in enumerate(senders):
        s.sendall(b"the rest</pad></EVENT>" + event(f"next{n}"))
    wait_for("each one's next event", lambda: site.value("SELECT count(*) FROM events WHERE uid LIKE 'next%'") == LARGE)


def whole_and_set_aside(site):
    """The numbers of the large events that arrived whole, and {number: bytes} of those that became rejects."""
    whole = {int(uid[5:]) for uid in uids(site) if uid.startswith("large")}
    aside = {int(re.match(rb"<EVENT><cn>large(\d+)<", payload)[1]): bytes_ for payload, bytes_ in site.query(
        "SELECT substr(payload, 1, 40), bytes FROM rejects WHERE reason = 'cut_off' AND detail LIKE '%INTAKE_MEMORY%'")}
    assert whole | set(aside) == set(range(LARGE)) and not whole & set(aside), (whole, aside)
    return whole, aside


def test_above_intake_memory_the_longest_stalled_events_become_rejects(site):
    collector = site.collector()
    with contextlib.ExitStack() as stack:
        polite = stack.enter_context(connect(site))

        def speak_politely(n):
            wait_until_read(site)
            polite.sendall(event(f"polite{n}"))

        send_large_beginnings(site, stack, speak_politely)
    whole, aside = whole_and_set_aside(site)
    assert site.value("SELECT count(*) FROM events WHERE uid LIKE 'polite%'") == LARGE
    assert min(aside.values()) >= LARGE_BYTES, f"the bytes that came are kept: {aside}"
    assert len(whole) >= 16, "32 MiB hold half of INTAKE_MEMORY"
    assert min(whole) > max(aside), "those that came first have waited the longest"
    rest = site.query("SELECT DISTINCT reason, CAST(payload AS TEXT) FROM rejects WHERE reason <> 'cut_off'")
    assert rest == [("stray_bytes", "the rest</pad></EVENT>")], rest
    assert "became a reject: INTAKE_MEMORY" in collector.log
    assert_memory_bounded(collector)


def test_large_events_of_many_senders_at_full_speed_stay_within_intake_memory(site):
    collector = site.collector()
    with contextlib.ExitStack() as stack:
        send_large_beginnings(site, stack, lambda n: None)
    whole_and_set_aside(site)
    assert_memory_bounded(collector)


def test_large_events_that_wait_for_the_disk_stay_within_intake_memory(site):
    collector = site.collector()
    with connect(site) as s:
        with spool_locked(site):
            assert fill(s, 300 * MIB, 900000), "the collector never stopped reading"
        assert_memory_bounded(collector)


def test_floods_do_not_delay_an_occasional_sender(site):
    collector = site.collector()
    site.acmsim("--count", 0, "--connections", 8, "--size", 400)
    wait_for("the flood", lambda: site.value("SELECT last_event_id FROM _intake") > 5000)
    polite = b"<EVENT><plasectrxGatewayDN>polite</plasectrxGatewayDN></EVENT>"
    seen = "SELECT coalesce(sum(events_today), 0) FROM senders WHERE sender = 'polite'"
    waits = []
    with connect(site) as s, contextlib.closing(sqlite3.connect(f"file:{site.spool}?mode=ro", uri=True)) as db:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flooded = site.value("SELECT last_event_id FROM _intake")
        for n in range(size("SENDERS_POLITE", 100, 10)):
            s.sendall(polite)
            started = time.monotonic()
            while db.execute(seen).fetchone()[0] <= n:
                assert time.monotonic() - started < 30
                time.sleep(0.001)
            waits.append(time.monotonic() - started)
        flooded = site.value("SELECT last_event_id FROM _intake") - flooded
    waits.sort()
    print(f"# beside {flooded / sum(waits):.0f} events/s: median {waits[len(waits) // 2] * 1000:.1f} ms,"
          f" most {waits[-1] * 1000:.1f} ms")
    assert IS_SANITIZED or waits[len(waits) * 99 // 100] < 1
    assert_memory_bounded(collector)


def test_idle_timeout_does_not_fill_the_log(site):
    collector = site.collector(IDLE_TIMEOUT="1s")
    with contextlib.ExitStack() as stack:
        for s in [stack.enter_context(connect(site)) for _ in range(40)]:
            wait_for("a silent sender to be disconnected", lambda s=s: not is_open(s))
    collector.stop()
    assert collector.log.count("a silent sender was disconnected (IDLE_TIMEOUT)") == 1, collector.log
    assert "of_these_silent=39 last_source=127.0.0.1" in collector.log, collector.log


def test_idle_timeout_closes_only_silent_senders_that_are_read(site):
    collector = site.collector(IDLE_TIMEOUT="2s")
    with contextlib.ExitStack() as stack:
        silent, active = (stack.enter_context(connect(site)) for _ in range(2))
        since = time.monotonic()
        while is_open(silent):
            active.sendall(event("active"))
            time.sleep(0.1)
            assert time.monotonic() - since < 30
        assert time.monotonic() - since >= 1.9
        assert is_open(active)
        assert "a silent sender was disconnected (IDLE_TIMEOUT)" in collector.log
        with spool_locked(site):
            filling = stack.enter_context(connect(site))
            assert fill(filling, 200 * MIB, 10000), "the collector never stopped reading"
            waiting = stack.enter_context(connect(site))
            waiting.sendall(event("waiting"))
            time.sleep(5)  # more than twice the time-out
            assert is_open(waiting) and is_open(filling)
        wait_for_uids(site, "waiting")
        wait_until_closed(waiting)  # now it is silent
    assert site.value("SELECT count(*) FROM rejects WHERE reason <> 'cut_off'") == 0


def test_allow_from_admits_its_senders_and_logs_the_others(site):
    collector = site.collector(ALLOW_FROM="127.0.0.2/31, fd00::/8", MAX_CONNECTIONS=1)
    with connect(site, "127.0.0.2") as allowed:
        allowed.sendall(event("allowed"))
        wait_for_uids(site, "allowed")
    wait_for("its place to be free", lambda: connections(collector) == 0)
    for _ in range(size("SENDERS_REFUSED", 1000, 200)):
        with connect(site, "127.0.0.4") as refused:
            with contextlib.suppress(ConnectionError):
                refused.sendall(event("refused"))
    with connect(site, "127.0.0.4") as refused:
        wait_until_closed(refused)
    with connect(site, "127.0.0.3") as allowed:
        allowed.sendall(event("too"))
        wait_for_uids(site, "too")
        assert is_open(allowed)
    assert uids(site) == {"allowed", "too"} and site.value("SELECT count(*) FROM rejects") == 0
    assert {row[0] for row in site.query("SELECT source FROM events")} == {"127.0.0.2", "127.0.0.3"}
    lines = [line for line in collector.log.splitlines() if "refused" in line]
    assert sum("source=127.0.0.4 " in line for line in lines) == 1 and len(lines) <= 3, lines
    assert "ALLOW_FROM" in lines[0]
    wait_for("all to be gone", lambda: connections(collector) == 0)
    assert_does_not_spin(collector)


def test_ipv4_senders_on_an_ipv6_socket_keep_their_ipv4_address(site):
    site.collector(BIND_HOST="::", ALLOW_FROM="127.0.0.0/30")
    with socket.create_connection(("::1", site.port)) as s:
        wait_until_closed(s)
    with connect(site, "127.0.0.2") as s:
        s.sendall(event("mapped"))
        wait_for_uids(site, "mapped")
    assert site.query("SELECT uid, source FROM events") == [("mapped", "127.0.0.2")]


def link_local():
    """An address that needs a scope, if the machine has one."""
    for line in pathlib.Path("/proc/net/if_inet6").read_text().splitlines():
        address, _, _, _, _, interface = line.split()
        if address.startswith("fe80"):
            return socket.inet_ntop(socket.AF_INET6, bytes.fromhex(address)) + "%" + interface
    return None


def test_ipv6_addresses_can_be_listened_on_and_are_stored_canonically(site):
    hosts = [host for host in ("::1", "0:0:0:0:0:0:0:1", link_local()) if host]
    for n, host in enumerate(hosts):
        program = site.start("collector", PORT=site.port, BIND_HOST=host, ALLOW_FROM="::1, fe80::/10")
        program.wait_for_log('"listening"')
        with socket.create_connection((host, site.port)) as s:
            s.sendall(event(f"n{n}"))
            wait_for_uids(site, f"n{n}")
        program.stop()
    canonical = [(host.replace("0:0:0:0:0:0:0:1", "::1"),) for host in hosts]
    assert site.query("SELECT source FROM events ORDER BY id") == canonical


def test_an_impossible_listen_address_is_refused_with_a_remedy(site):
    for settings, words in (({"BIND_HOST": "300.1.1.1"}, ("BIND_HOST=300.1.1.1", "0.0.0.0 or ::")),
                            ({"ALLOW_FROM": "10.1.2.3/8"}, ("ALLOW_FROM", "10.1.2.3/8", "10.0.0.0/8")),
                            ({"ALLOW_FROM": "gate-7"}, ("ALLOW_FROM", "gate-7", "192.168.0.0/16"))):
        done = site.command("collector", PORT=site.port, **settings)
        assert done.returncode == 78, done
        for word in words:
            assert word in done.stderr, (word, done.stderr)
    for host in ("127.0.0.1", "::1"):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
            s.bind((host, site.port))
            s.listen()
            done = site.command("collector", PORT=site.port, BIND_HOST=host)
        assert done.returncode == 75 and f"PORT={site.port} on {host} is taken" in done.stderr, done


def test_a_privileged_port_is_refused_with_a_remedy(site):
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if first <= 80:
        print("# every program may use port 80 here: not tried")
        return
    place = site.directory / "nobody"
    place.mkdir()
    shutil.copy(BIN / "collector", place)
    nobody = {}
    if os.geteuid() == 0:
        nobody = {"user": 65534, "group": 65534, "extra_groups": []}
        os.chown(place, 65534, 65534)
        site.directory.chmod(0o755)
    environment = {**clean_environment(), "SPOOL_PATH": str(place / "spool.db"), "PORT": "80"}
    done = subprocess.run([place / "collector"], cwd=place, env=environment, capture_output=True, text=True, **nobody)
    assert done.returncode == 78, done
    for words in ("PORT=80 needs a permission", "CAP_NET_BIND_SERVICE", "1024 or above"):
        assert words in done.stderr, (words, done.stderr)


def test_keepalive_probes_peers_after_a_minute_of_silence(site):
    site.collector()
    with connect(site) as s:
        s.sendall(event("a"))
        wait_for_uids(site, "a")
        peer = "%08X:%04X" % (struct.unpack("=I", socket.inet_aton("127.0.0.1"))[0], s.getsockname()[1])
        rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        timers = [row[5] for row in rows if row[1].endswith(f":{site.port:04X}") and row[2] == peer]  # 02: the keep-alive timer, and when it is due
        assert len(timers) == 1 and timers[0].startswith("02:"), timers
        assert int(timers[0][3:], 16) <= 60 * os.sysconf("SC_CLK_TCK")


main(dict(globals()))
