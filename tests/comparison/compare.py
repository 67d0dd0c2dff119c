"""compare -- eventspool beside syslog-ng and rsyslog of Debian: one sender, the same bytes. docs/comparison.md shows the tables.

It is no test of this project and not a part of CI: it prints, and asserts nothing of the others. run.sh gets what it needs.
"""
import collections
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from receivers import ALL, Eventspool, RsyslogByTag
from support.waiting import wait_for

ROUNDS = 3
EVENT_BYTES = 2200
QUIET_S = 30  # nothing more has arrived for so long: it is complete


def event(number, more=b""):
    """With a line feed behind it, it has EVENT_BYTES, and as many as `more` has besides."""
    head = b"<EVENT><cn>%016d</cn><plasectrxMsg>" % number
    tail = b"</plasectrxMsg></EVENT>"
    return head + more + b"x" * (EVENT_BYTES - 1 - len(head) - len(tail)) + tail


def settle(receiver, quiet_s=QUIET_S):
    """Waits until nothing more is delivered."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < quiet_s:
        now = receiver.delivered_bytes()
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.2)


def table(title, header, rows):
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    print(f"\n{title}\n")
    for row in [header, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |")
    sys.stdout.flush()


GOOD = [event(i) for i in range(10)]
LONG = event(5, b"y" * 68800)
BROKEN = event(5).replace(b"</cn>", b"</c n>")
LINES = b"".join(one + b"\n" for one in GOOD)
STREAMS = {  # what it is: (what is sent in a segment each, the good events in it)
    "a line feed after each event": ([one + b"\n" for one in GOOD], GOOD),
    "the same, cut into segments of 100 bytes": ([LINES[at:at + 100] for at in range(0, len(LINES), 100)], GOOD),
    "nothing between events, each in a segment of its own": (GOOD, GOOD),
    "nothing between events, all at once": ([b"".join(GOOD)], GOOD),
    "line feeds between the elements of an event": ([one.replace(b"><", b">\n<") + b"\n" for one in GOOD],
                                                    [one.replace(b"><", b">\n<") for one in GOOD]),
    "an XML declaration before each event, no line feed": ([b'<?xml version="1.0"?>' + one for one in GOOD], GOOD),
    "one event of 71,000 bytes among ten": ([one + b"\n" for one in GOOD[:5] + [LONG] + GOOD[6:]], GOOD[:5] + [LONG] + GOOD[6:]),
    "one event with a broken end tag among ten": ([one + b"\n" for one in GOOD[:5] + [BROKEN] + GOOD[6:]], GOOD[:5] + GOOD[6:]),
}


def received(kind, pieces, good):
    """How many of the good events came out as records of their own, and in how many records."""
    with tempfile.TemporaryDirectory() as directory:
        receiver = kind(directory + "/r")
        try:
            receiver.find_destination()
            receiver.start()
            with socket.create_connection(("127.0.0.1", receiver.port)) as s:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for piece in pieces:
                    s.sendall(piece)
                    time.sleep(0.005)
            settle(receiver, 2)
            records = receiver.records()
            exact = sum(1 for record in records if record in good)
            rejects = f", {receiver.rejects()} rejects" if isinstance(receiver, Eventspool) else ""
            return f"{exact} of {len(good)} in {len(records)} records{rejects}"
        finally:
            receiver.close()


def framing():
    kinds = (*ALL, RsyslogByTag)
    table("Events that come out as records of their own, byte for byte", ["the stream", *(kind.name for kind in kinds)],
          [[what, *(received(kind, *stream) for kind in kinds)] for what, stream in STREAMS.items()])


def queues(port, sender_port):
    """(bytes that the receiver has not read, bytes that the sender's kernel still has) of one connection."""
    both = f"( sport = :{port} and dport = :{sender_port} ) or ( sport = :{sender_port} and dport = :{port} )"
    lines = subprocess.run(["ss", "-Htn", both], capture_output=True, text=True, check=True).stdout.splitlines()
    unread = unsent = 0
    for line in lines:
        _, receive, send, local, _ = line.split()[:5]
        if local.endswith(f":{port}"):
            unread = int(receive)
        else:
            unsent = int(send)
    return unread, unsent


def numbers(records):
    found = (re.match(rb"<EVENT><cn>(\d{16})</cn>", record) for record in records)
    return collections.Counter(int(one[1]) for one in found if one)


def send_numbered(s, per_second, seconds):
    """Sends events for so many seconds, at this rate or (0) as fast as they are taken; returns the bytes that were taken."""
    s.settimeout(0.2)
    begun, sent, count = time.monotonic(), 0, 0
    while (now := time.monotonic() - begun) < seconds:
        if per_second and count >= now * per_second:
            time.sleep(0.001)
            continue
        data = event(count) + b"\n"
        while data and time.monotonic() - begun < seconds + 1:
            try:
                given = s.send(data)
            except TimeoutError:
                continue
            sent, data = sent + given, data[given:]
        count += 1
    return sent


def killed(kind, per_second, seconds):
    """(events read, lost, doubled): the receiver is stopped while it reads, its unread bytes are counted, it is killed."""
    with tempfile.TemporaryDirectory(dir=".") as directory:
        receiver = kind(directory + "/r")
        try:
            receiver.find_destination()
            receiver.start()
            s = socket.create_connection(("127.0.0.1", receiver.port))
            sent = send_numbered(s, per_second, seconds)
            receiver.freeze()
            unread, unsent = queues(receiver.port, s.getsockname()[1])
            receiver.kill()
            s.close()
            receiver.start()
            if isinstance(receiver, Eventspool):
                receiver.find_destination()
            settle(receiver)
            read = (sent - unread - unsent) // EVENT_BYTES
            arrived = numbers(receiver.records())
            lost = sum(1 for number in range(read) if number not in arrived)
            return read, lost, sum(arrived.values()) - len(arrived)
        finally:
            receiver.close()


def spread(values):
    return f"{int(statistics.median(values)):,} ({min(values):,} to {max(values):,})"


def kills():
    rows = []
    for what, rate, seconds in (("1,000 events a second", 1000, 5), ("as fast as it reads", 0, 1.5)):
        runs = collections.defaultdict(list)
        for _ in range(ROUNDS):
            for kind in ALL:
                runs[kind.name].append(killed(kind, rate, seconds))
                print(what, kind.name, runs[kind.name][-1], file=sys.stderr)
        for name, results in runs.items():
            read, lost, doubled = zip(*results)
            rows.append([what, name, spread(read), spread(lost), spread(doubled)])
    table(f"kill -9 while events arrive, medians of {ROUNDS} (least to most)",
          ["load", "receiver", "events read", "of these lost", "doubled"], rows)


def away(kind):
    """(sent, arrived, doubled, seconds in which the sender was held): the far end is away, the buffer smaller than the load."""
    with tempfile.TemporaryDirectory(dir=".") as directory:
        receiver = kind(directory + "/r", 16 << 20)
        try:
            receiver.start()
            s = socket.create_connection(("127.0.0.1", receiver.port))
            begun, held, found = time.monotonic(), 0.0, False
            for number in range(20000):  # 44 MB
                data = event(number) + b"\n"
                while data:
                    s.settimeout(0.5)
                    try:
                        data = data[s.send(data):]
                    except TimeoutError:
                        held += 0.5
                    if not found and time.monotonic() - begun > 20:
                        receiver.find_destination()
                        found = True
            if not found:
                wait_for("20 s", lambda: time.monotonic() - begun > 20)
                receiver.find_destination()
            s.close()
            settle(receiver)
            arrived = numbers(receiver.records())
            return 20000, len(arrived), sum(arrived.values()) - len(arrived), held
        finally:
            receiver.close()


def outages():
    runs = collections.defaultdict(list)
    for _ in range(ROUNDS):
        for kind in ALL:
            runs[kind.name].append(away(kind))
            print("away", kind.name, runs[kind.name][-1], file=sys.stderr)
    rows = []
    for name, results in runs.items():
        sent, arrived, doubled, held = zip(*results)
        rows.append([name, f"{sent[0]:,}", spread(arrived), spread(doubled), "yes" if min(held) > 1 else "no"])
    table(f"The far end is away for 20 s, 44 MB are sent, the buffer is 16 MiB; medians of {ROUNDS}",
          ["receiver", "sent", "arrived", "doubled", "was the sender held?"], rows)


PARTS = {"framing": framing, "kills": kills, "outages": outages}

for part in sys.argv[1:] or PARTS:
    PARTS[part]()
