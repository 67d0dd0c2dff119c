"""streams -- what senders send: many streams at once, each over its own connection, and what became of each.

Streams are told apart by the address that they are sent from: all of 127/8 is this machine.
"""
import collections
import contextlib
import dataclasses
import itertools
import socket
import xml.etree.ElementTree

AT_ONCE = 40  # connections


@dataclasses.dataclass
class Event:
    received: bytes  # from its start tag to its end tag
    payload: str = ""  # "": as received, which is UTF-8
    columns: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        self.payload = self.payload or self.received.decode()


@dataclasses.dataclass
class Reject:
    payload: bytes
    reason: str
    words: tuple = ()  # that the detail holds


Found = collections.namedtuple("Found", "events rejects")


# ---- to send ----

def source_of(number):
    """Another address for each number."""
    return f"127.{20 + number // 40000}.{number // 200 % 200}.{number % 200 + 1}"


def byte_by_byte(data):
    return [data[i:i + 1] for i in range(len(data))]


def cut_at_random(data, chance):
    """In two to seven pieces."""
    places = sorted(chance.sample(range(1, len(data)), chance.randrange(1, 7)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)])]


def connect(site, source):
    connection = socket.create_connection(("127.0.0.1", site.port), source_address=(source, 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def send_together(site, streams):
    """`streams`: {source: pieces}. The next piece of one is sent when all others have sent theirs, so that the pieces are
    read one by one; each connection is closed behind its last piece."""
    site.wait_for_spool()  # a stop before that would leave what has arrived
    waiting = iter(streams.items())
    while batch := list(itertools.islice(waiting, AT_ONCE)):
        with contextlib.ExitStack() as stack:
            open_ones = [(stack.enter_context(connect(site, source)), iter(pieces)) for source, pieces in batch]
            while open_ones:
                going_on = []
                for connection, pieces in open_ones:
                    piece = next(pieces, None)
                    if piece is None:
                        connection.close()
                        continue
                    connection.sendall(piece)
                    going_on.append((connection, pieces))
                open_ones = going_on


# ---- what became of it ----

def found(site):
    """{source: its events and rejects, as dictionaries, in the order of their ids}"""
    columns = {"events": "source, payload, bytes, uid, name, time, sender, source_name",
               "rejects": "source, payload, bytes, reason, detail, truncated, state"}
    all_of_them = collections.defaultdict(lambda: Found([], []))
    for view, names in columns.items():
        for row in site.query(f"SELECT {names} FROM {view} ORDER BY id"):
            row = dict(zip(names.split(", "), row))
            getattr(all_of_them[row["source"]], view).append(row)
    return all_of_them


def faults_of_event(want, row):
    if row["payload"] != want.payload:
        yield f"payload {row['payload']!r}, not {want.payload!r}"
    if row["bytes"] != len(want.received):
        yield f"an event of {row['bytes']} bytes, not {len(want.received)}"
    for name, value in want.columns.items():
        if row[name] != value:
            yield f"{name} is {row[name]!r}, not {value!r}"
    try:
        xml.etree.ElementTree.fromstring(row["payload"])
    except xml.etree.ElementTree.ParseError as error:
        yield f"not well-formed alone: {error}: {row['payload']!r}"


def faults_of_reject(want, row):
    payload = bytes(row["payload"])
    if row["reason"] not in want.reason.split("|") or not all(word in row["detail"] for word in want.words):
        yield f"{row['reason']}: {row['detail']!r}, not {want.reason}: {want.words}"
    if payload != want.payload:
        yield f"reject {payload!r}, not {want.payload!r}"
    if (row["bytes"], row["truncated"]) != (len(want.payload), 0):
        yield f"a reject of {row['bytes']} bytes (truncated {row['truncated']}), not {len(want.payload)}"


def faults_of_stream(got, events, rejects):
    """What is not as it should be of one stream; each size is compared, so nothing of it has vanished."""
    if (len(got.events), len(got.rejects)) != (len(events), len(rejects)):
        yield (f"{len(got.events)} events and {len(got.rejects)} rejects, not {len(events)} and {len(rejects)}; rejects: "
               f"{[(r['reason'], r['detail'], bytes(r['payload'])[:100]) for r in got.rejects]}")
        return
    for want, row in zip(events, got.events):
        yield from faults_of_event(want, row)
    for want, row in zip(rejects, got.rejects):
        yield from faults_of_reject(want, row)


def assert_no_faults(faults):
    faults = list(faults)
    assert not faults, "\n".join([f"{len(faults)} faults", *(fault[:500] for fault in faults[:20])])
