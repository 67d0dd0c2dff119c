"""Memory: the collector's peak stays within INTAKE_MEMORY and 17 MiB, and no live sender loses its event to it."""
import contextlib
import re
import resource
import socket
import threading
import time

from support.environment import IS_SANITIZED, size
from support.tap import main
from support.waiting import wait_for

MIB = 1 << 20
KIB = 1 << 10
OWN = 17 * MIB  # what the program may take besides INTAKE_MEMORY
LATIN = b'<?xml version="1.0" encoding="ISO-8859-1"?>'
FILES_MAX = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
IDLE = min(size("MEMORY_IDLE", 4000, 1000), FILES_MAX - 200)
SMALL = size("MEMORY_SMALL", 60, 20) * KIB
CROWD = size("MEMORY_CROWD", 256, 256)

resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))


def connect(site, host="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", site.port), 60, (host, 0))


def event(uid, length, filling=b"x"):
    """An event of so many bytes."""
    head, tail = b"<EVENT><cn>%s</cn><pad>" % uid.encode(), b"</pad></EVENT>"
    return head + filling * ((length - len(head) - len(tail)) // len(filling)) + tail


def peak_bytes(program):
    with open(f"/proc/{program.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE)[1]) << 10


def assert_peak(program, intake_memory, what):
    peak = peak_bytes(program)
    print(f"# {what}: peak {peak / MIB:.1f} MiB of {(intake_memory + OWN) / MIB:.0f}")
    assert IS_SANITIZED or peak <= intake_memory + OWN, f"{what}: {peak / MIB:.1f} MiB"


def send_all(site, streams):
    """Each stream over a connection of its own, all at once."""
    def send(stream):
        with contextlib.suppress(ConnectionError), connect(site) as s:
            s.sendall(stream)

    threads = [threading.Thread(target=send, args=(stream,), daemon=True) for stream in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def counts(site):
    return site.query("SELECT last_event_id, last_reject_id FROM _intake")[0]


def kept_bytes(site):
    return site.value("SELECT (SELECT coalesce(sum(bytes), 0) FROM _event) + (SELECT coalesce(sum(bytes), 0) FROM _reject)")


def wait_until_kept(site, total):
    """Until most of it is in the spool (of an event that is too large, only the beginning is), and nothing more comes."""
    seen = [-1]

    def is_kept():
        kept = site.value("SELECT event_bytes + reject_bytes FROM _intake")
        is_still = kept == seen[0]
        seen[0] = kept
        time.sleep(0 if is_still else 0.5)
        return is_still and kept >= 0.6 * total

    wait_for("all of it in the spool", is_kept)


def inner(before, filling, after, length):
    return before + filling * ((length - len(before) - len(after)) // len(filling)) + after


def grown(memory, largest, share):
    """windows-1252 that becomes as long as it may: some KB less than INTAKE_MEMORY has room for."""
    most = min(memory * MIB // 8 + largest * MIB // 2 + 2 * MIB, 10000000) - 8 * KIB
    received = min(int(most * share), largest * MIB - KIB)
    euros = (most - received) // 2
    return (b'<?xml version="1.0" encoding="windows-1252"?><EVENT><a>' + b"\x80" * euros + b"x" * (received - euros)
            + b"</a></EVENT>")


# What was sent, under which settings; most were seen to take more memory than is promised.
LARGE = {"MAX_MESSAGE_SIZE": "8M"}
MIDDLE = {"MAX_MESSAGE_SIZE": "4M", "DEFAULT_ENCODING": "windows-1252"}
CHANGED = {"INVALID_CHARACTERS": "replace", "DEFAULT_ENCODING": "windows-1252", "XML_NAMESPACES": "p=urn:p"}
TABLE = (
    ("rejects of four bytes", 8, {}, 8, b"x<a>" * SMALL),
    ("small rejects in a wrapper", 8, {}, 8, b"<w><EVENT/>" + b"<a>1</a>" * (SMALL // 2) + b"</w>"),
    ("events of four bytes", 8, {"EVENT_ELEMENT": "E"}, 8, b"<E/>" * SMALL),
    ("malformed events with details that differ", 8, {"EVENT_ELEMENT": "E"}, 4,
     b"".join(b"<E>&a%d;</E>" % n for n in range(SMALL // 2))),
    ("events in a comment that never ends", 8, {"EVENT_ELEMENT": "E"}, 4, b"<!--" + b"<E/>" * (MIB // 4 - 1)),
    ("Latin-1 comments", 32, LARGE, 6, LATIN + inner(b"<EVENT><!--", b"\xe9", b"--></EVENT>", 4 * MIB)),
    ("large Latin-1 comments", 32, LARGE, 6, LATIN + inner(b"<EVENT><!--", b"\xe9", b"--></EVENT>", 8 * MIB - KIB)),
    ("Latin-1 text", 32, LARGE, 6, LATIN + inner(b"<EVENT><a>", b"\xe9", b"</a></EVENT>", 3 * MIB)),
    ("large comments", 16, LARGE, 4, inner(b"<EVENT><!--", b"x", b"--></EVENT>", 8 * MIB - KIB)),
    ("large attributes", 16, LARGE, 4, inner(b'<EVENT a="', b"x", b'"/>', 8 * MIB - KIB)),
    ("large instructions", 16, LARGE, 4, inner(b"<EVENT><?p ", b"x", b"?></EVENT>", 8 * MIB - KIB)),
    ("large CDATA sections", 16, LARGE, 4, inner(b"<EVENT><![CDATA[", b"x", b"]]></EVENT>", 8 * MIB - KIB)),
    ("events that are too large", 16, LARGE, 4, inner(b"<EVENT>", b"x", b"</EVENT>", 12 * MIB)),
    ("UTF-16", 32, LARGE, 4, "\ufeff<EVENT><a>".encode("utf-16-le") + "\u4e00".encode("utf-16-le") * (3 * MIB)
     + "</a></EVENT>".encode("utf-16-le")),
    ("large events of many", 64, {}, 40, event("many", MIB - KIB)),
    ("events with each change, of 1 MB", 8, CHANGED, 12,
     inner(b"<EVENT><p:a>", b"\x80", b"\x05</p:a></EVENT>", MIB - KIB)),
    ("events with each change, of many", 64, {**LARGE, **CHANGED}, 24,
     inner(b"<EVENT><p:a>", b"\x80", b"\x05</p:a></EVENT>", 3300 * KIB)),
    ("large UTF-8 with two changes", 16, {**LARGE, **CHANGED}, 4,
     inner(b"<EVENT><p:a>", b"x", b"\x05</p:a></EVENT>", 8 * MIB - KIB)),
    ("one event that grows to thrice its length", 8, MIDDLE, 1, inner(b"<EVENT>", b"\x80", b"</EVENT>", 3300 * KIB)),
    ("events with each change, of 3.3 MB", 8, {**MIDDLE, **CHANGED}, 6,
     inner(b"<EVENT><p:a>", b"\x80", b"\x05</p:a></EVENT>", 3300 * KIB)),
    ("large GB18030", 8, MIDDLE, 6,
     inner(b'<?xml version="1.0" encoding="GB18030"?><EVENT><!--', b"\xb0\xa1", b"--></EVENT>", 4 * MIB - KIB)),
    *((f"windows-1252 of {share:.0%} of what it becomes, {largest}M in {memory}M", memory,
       {"MAX_MESSAGE_SIZE": f"{largest}M"}, 6, grown(memory, largest, share))
      for memory, largest in ((8, 2), (8, 4), (16, 4), (16, 8)) for share in (0.34, 0.9)),
)


def test_the_peak_is_within_intake_memory_whatever_is_sent(site):
    faults = []
    for what, memory, settings, senders, stream in TABLE:
        site.spool.unlink(missing_ok=True)
        for suffix in ("-wal", "-shm"):
            site.spool.with_name(site.spool.name + suffix).unlink(missing_ok=True)
        collector = site.collector(INTAKE_MEMORY=f"{memory}M", **settings)
        send_all(site, [stream] * senders)
        wait_until_kept(site, senders * len(stream))
        try:
            assert_peak(collector, memory * MIB, what)
        except AssertionError as fault:
            faults.append(str(fault))
        collector.stop()
    assert not faults, faults


def test_an_event_that_grows_too_long_for_little_memory_is_kept_and_read_again_with_more(site):
    bytes_received = b"<EVENT><cn>grown</cn><a>" + b"\x80" * (2 * MIB) + b"</a></EVENT>"
    collector = site.collector(INTAKE_MEMORY="8M", **MIDDLE)
    send_all(site, [bytes_received])
    wait_for("the reject", lambda: counts(site)[1] == 1)
    assert site.query("SELECT reason, bytes, payload = ? FROM rejects", bytes_received) == [
        ("oversize", len(bytes_received), 1)]
    detail = site.value("SELECT detail FROM rejects")
    assert detail.endswith("more than 5242880 bytes as UTF-8; a larger INTAKE_MEMORY allows more"), detail
    collector.stop()
    settings = {"INTAKE_MEMORY": "64M", **MIDDLE}
    site.collector(**settings)
    done = site.command("collector", "rejects", "retry", **settings)
    assert done.returncode == 0, done
    assert site.query("SELECT uid, bytes, length(payload) FROM events") == [
        ("grown", len(bytes_received), len(bytes_received))]


def test_a_large_reject_is_retried_within_intake_memory(site):
    collector = site.collector(INTAKE_MEMORY="8M", MAX_MESSAGE_SIZE="4M")
    send_all(site, [event("retried", 4 * MIB - KIB, b"x").replace(b"xx", b"\xe9x", 1)])
    wait_for("the reject", lambda: counts(site)[1] == 1)
    collector.stop()
    settings = {"INTAKE_MEMORY": "8M", **MIDDLE}
    collector = site.collector(**settings)
    done = site.command("collector", "rejects", "retry", **settings)
    assert done.returncode == 0 and counts(site)[0] == 1, done
    assert_peak(collector, 8 * MIB, "a retry of 4 MB")


def test_idle_connections_are_within_intake_memory(site):
    collector = site.collector(MAX_CONNECTIONS=IDLE + 10)
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connect(site)) for _ in range(IDLE)]
        for n, s in enumerate(idle):
            s.sendall(event(f"idle{n}", 200))
        wait_for("their events", lambda: counts(site)[0] == IDLE)
        assert_peak(collector, 64 * MIB, f"{IDLE} idle connections")


def test_connections_one_byte_short_of_the_largest_event_are_within_intake_memory(site):
    collector = site.collector(MAX_CONNECTIONS=CROWD + 10)
    with contextlib.ExitStack() as stack:
        senders = [stack.enter_context(connect(site)) for _ in range(CROWD)]
        for s in senders:
            s.setblocking(False)
        for s in senders:  # what is not read stays in the system's buffers
            with contextlib.suppress(BlockingIOError):
                rest = memoryview(event("short", MIB)[:-1])
                while rest:
                    rest = rest[s.send(rest):]
        collector.wait_for_log("senders wait to be read")
        assert_peak(collector, 64 * MIB, f"{CROWD} unfinished events")


def test_four_live_senders_of_large_events_lose_none(site):
    collector = site.collector(INTAKE_MEMORY="16M", MAX_MESSAGE_SIZE="8M")
    send_all(site, [event(f"large{n}", 7 * MIB + n) for n in range(4)])
    wait_for("four rows", lambda: sum(counts(site)) >= 4)
    assert counts(site) == (4, 0)
    assert_peak(collector, 16 * MIB, "four live senders")


def test_fifteen_senders_do_not_wait_for_one_that_drips(site):
    collector = site.collector(INTAKE_MEMORY="32M", MAX_MESSAGE_SIZE="8M")
    with connect(site) as dripping:
        begun = event("drip", 5 * MIB)[:4 * MIB]
        dripping.sendall(begun)
        ended = threading.Event()
        dripped = []

        def drip():
            while not ended.wait(1):
                dripping.sendall(b"x")
                dripped.append(1)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        since = time.monotonic()
        send_all(site, [event(f"quick{n}", 5 * MIB) for n in range(15)])
        wait_for("fifteen events", lambda: counts(site)[0] >= 15)
        took = time.monotonic() - since
        ended.set()
        thread.join()
        dripping.sendall(b"</pad></EVENT>")
    total = len(begun) + len(dripped) + len(b"</pad></EVENT>")
    wait_for("all bytes of the dripping one", lambda: kept_bytes(site) >= 15 * 5 * MIB + total - 200)
    print(f"# fifteen events of 5 MB took {took:.1f} s")
    assert counts(site)[0] in (15, 16)
    assert IS_SANITIZED or took < 8, "they waited for the one that drips"
    assert kept_bytes(site) - site.value("SELECT sum(bytes) FROM events WHERE uid LIKE 'quick%'") == total
    assert_peak(collector, 32 * MIB, "sixteen senders")


def test_small_events_of_other_hosts_do_not_wait_for_large_ones_that_go_on_slowly(site):
    collector = site.collector(INTAKE_MEMORY="32M", MAX_MESSAGE_SIZE="8M")
    ended = threading.Event()
    with contextlib.ExitStack() as stack:
        streams = [[stack.enter_context(connect(site, "127.0.0.2")), memoryview(event(f"slow{n}", 8 * MIB - KIB))]
                   for n in range(4)]

        def push(stream, most):  # what is not read stays in the system's buffers
            with contextlib.suppress(BlockingIOError):
                stream[1] = stream[1][stream[0].send(stream[1][:most]):]

        def fill():
            for stream in streams:
                push(stream, len(stream[1]) - 2 * MIB)
            return all(len(stream[1]) == 2 * MIB for stream in streams)

        def go_on():
            while not ended.wait(1):
                for stream in streams:
                    push(stream, 14000)

        for stream in streams:
            stream[0].setblocking(False)
        with contextlib.suppress(AssertionError):  # the system's buffers may be short; a pause of 5 s would be slow
            wait_for("all memory to be used", fill, 2)
        thread = threading.Thread(target=go_on, daemon=True)
        thread.start()
        try:
            for n in range(10):
                with connect(site, "127.0.0.3") as small:
                    small.sendall(event(f"small{n}", 200))
                    wait_for("a small event", lambda: site.value(
                        f"SELECT count(*) FROM events WHERE uid = 'small{n}'") == 1, 15)
        finally:
            ended.set()
            thread.join()
        assert counts(site) == (10, 0), counts(site)
    assert_peak(collector, 32 * MIB, "small events beside four large ones")


def test_a_sender_that_stops_in_the_way_of_others_is_a_reject_with_all_its_bytes(site):
    collector = site.collector(INTAKE_MEMORY="16M", MAX_MESSAGE_SIZE="8M")
    with connect(site) as stalled, connect(site) as late:
        begun = event("stalled", 8 * MIB)[:6 * MIB]
        stalled.sendall(begun)
        late.sendall(event("late", 7 * MIB))
        wait_for("the late event", lambda: counts(site)[0] == 1)
        rows = site.query("SELECT reason, bytes, detail LIKE '%INTAKE_MEMORY%' FROM rejects")
        assert rows == [("cut_off", len(begun), 1)], rows
        stalled.sendall(event("next", 200))
        wait_for("its next event", lambda: counts(site)[0] == 2)
    assert "became a reject: INTAKE_MEMORY" in collector.log


main(dict(globals()))
