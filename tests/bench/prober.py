"""prober -- how long an event takes from its last byte sent to its row readable by another connection.

It sends events of its own over its own connection, one at a time, and queries for each: `_sender` counts the events of a
sender in the transaction that appends them, so one query of an index is enough, whatever else arrives.
"""
import random
import re
import socket
import subprocess
import time

from support.environment import BIN

SENDER = "cn=bench-prober"
POLL = 0.0002  # seconds between two queries; with the timer's slack a latency is up to 0.3 ms too long
PATIENCE = 60


class Prober:
    def __init__(self, site):
        self.site = site
        self.event = an_event()
        self.gaps = random.Random(1)
        self.socket = socket.create_connection(("127.0.0.1", site.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        self.socket.close()

    def seen(self):
        """Of which day, and how many: changes with each of our events."""
        return self.site.db.execute("SELECT day, events_of_day FROM _sender WHERE sender = ?", (SENDER,)).fetchall()

    def probe(self):
        """One event; the seconds until it was seen, its sending included, which the empty socket makes short."""
        before = self.seen()
        since = time.monotonic()
        self.socket.sendall(self.event)
        while self.seen() == before:
            assert time.monotonic() < since + PATIENCE, "an event of the prober does not arrive"
            time.sleep(POLL)
        return time.monotonic() - since

    def run(self, seconds, gap):
        """For a while, `gap` seconds apart on average, in step with nothing; milliseconds, ascending."""
        found = []
        due = time.monotonic() + seconds
        while time.monotonic() < due:
            found.append(self.probe() * 1000)
            self.site.poll()
            time.sleep(self.gaps.uniform(0.5, 1.5) * gap)
        return sorted(found)


def an_event():
    text = subprocess.run([BIN / "acmsim", "--stdout", "--count", "1"], capture_output=True, check=True).stdout
    return re.sub(rb"(<plasectrxGatewayDN>).*?(</)", rb"\1" + SENDER.encode() + rb"\2", text)


def percentiles(ascending):
    """As figures of a row of results."""
    count = len(ascending)
    return {"p50_ms": ascending[count // 2], "p99_ms": ascending[count * 99 // 100], "max_ms": ascending[-1],
            "count": count}
