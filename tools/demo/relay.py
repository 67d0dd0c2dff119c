"""relay -- stands between acmsim and the collector, and makes a feed without acknowledgement one that can be counted.

An appliance gets no acknowledgement: what a killed collector had read and not yet committed is gone, and with it what
the kernel held for it. A relay keeps each event until it sees its row in the spool. When its connection ends, which
happens only when the collector dies, it connects again and sends what has no row: a dead collector commits nothing.
"""
import collections
import contextlib
import select
import socket
import threading
import time

from rows import digest

END = b"</EVENT>\n"
HELD = 1000  # events without a row that one relay keeps; acmsim is held back beyond that


class Relay(threading.Thread):
    """One connection of acmsim, and the one to the collector that belongs to it."""

    def __init__(self, source, port, rows):
        super().__init__(daemon=True)
        self.source, self.port, self.rows = source, port, rows  # `rows`: the follower of the spool
        self.collector = None
        self.number = None              # of acmsim's connection, which its events name
        self.held = collections.deque()  # (number, bytes) of the events that have no row yet, as far as is known
        self.rest = b""                 # of an event that has not arrived as a whole
        self.digests = {}               # uid: of the event's bytes
        self.sent_again = 0
        self.trouble = None

    def run(self):
        try:
            while self.source or self.held:
                self.turn()
        except Exception as error:  # the demo says so
            self.trouble = error

    def turn(self):
        try:
            if self.collector is None:
                self.begin_again()
            reads = [self.collector] + [self.source] * (self.source is not None and len(self.held) < HELD)
            ready, _, _ = select.select(reads, [], [], 0.1)
            if self.collector in ready:  # a collector never answers: this is the connection's end
                raise ConnectionResetError
            if ready:
                self.pass_on(self.source.recv(1 << 18))
        except (ConnectionError, TimeoutError):
            self.collector = None
        self.forget_what_has_a_row()

    def begin_again(self):
        """Connects as soon as a collector listens, and sends what has no row now: no dead collector makes it one."""
        while not (self.connected() and self.rows.update()):
            time.sleep(0.02)
        self.forget_what_has_a_row()
        self.sent_again += len(self.held)
        self.collector_gets(self.held)

    def connected(self):
        with contextlib.suppress(OSError):
            self.collector = self.collector or socket.create_connection(("127.0.0.1", self.port))
            return True

    def pass_on(self, data):
        if not data:
            assert not self.rest, self.rest
            self.source.close()
            self.source = None
            return
        *events, self.rest = (self.rest + data).split(END)
        new = [self.keep(event + END) for event in events]
        self.held.extend(new)
        self.collector_gets(new)

    def keep(self, data):
        event = data[data.index(b"<EVENT>"):-1]  # as the collector keeps it: from its start tag to its end tag
        place = event.index(b"<cn>") + 4
        uid = event[place:place + 16].decode()
        self.number = int(uid[:4], 16)
        self.digests[uid] = digest(event)
        return int(uid[4:], 16), data

    def collector_gets(self, events):
        self.collector.sendall(b"".join(data for _, data in events))

    def forget_what_has_a_row(self):
        while self.held and self.held[0][0] <= self.rows.newest[self.number]:
            self.held.popleft()


class Relays:
    """As many as acmsim has connections. `port`: where acmsim sends to."""

    def __init__(self, port, collector_port, rows, connections):
        self.server = socket.create_server(("127.0.0.1", port))
        self.collector_port, self.rows, self.connections, self.relays = collector_port, rows, connections, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        for _ in range(self.connections):
            relay = Relay(self.server.accept()[0], self.collector_port, self.rows)
            self.relays.append(relay)
            relay.start()
        self.server.close()

    def are_done(self):
        """Every event that acmsim has sent has a row."""
        for relay in self.relays:
            assert relay.trouble is None, f"relay {relay.number}: {relay.trouble!r}"
        return len(self.relays) == self.connections and not any(relay.is_alive() for relay in self.relays)

    @property
    def digests(self):
        return {uid: value for relay in self.relays for uid, value in relay.digests.items()}

    @property
    def sent_again(self):
        return sum(relay.sent_again for relay in self.relays)
