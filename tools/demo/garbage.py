"""garbage -- what else arrives at an open port: each stream on a connection of its own, from an address of its own.

All of 127/8 is this machine, so the spool tells by the address which rejects are whose.
"""
from support.streams import send_together, source_of
from support.waiting import wait_for

EVENT = b"<EVENT><cn>feed000000000001</cn><a>%s</a></EVENT>"
BINARY = bytes(range(0x80, 0xfe)) * 260  # no byte order mark, which would be a separator

# what a person calls it, the reason of its rejects, its bytes; no separator is at an end: all are kept
STREAMS = (
    ("32 KB of binary", "stray_bytes", BINARY),
    ("a web browser's request", "looks_like_http", b"GET /events HTTP/1.1\r\nHost: collector\r\n\r\n."),
    ("an event posted by HTTP", "looks_like_http", b"POST / HTTP/1.1\r\nHost: me\r\n\r\n" + EVENT % b"posted"),
    ("the first bytes of TLS", "looks_like_tls", b"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03"),
    ("an event that breaks off", "cut_off", (EVENT % b"x")[:-14]),
    ("an event that is not well-formed", "malformed", EVENT % b"<b>"),
    ("an event that is not UTF-8", "encoding", EVENT % b"\xe9\xe8"),
    ("an element of another name", "unknown_element", b"<Heartbeat><alive>yes</alive></Heartbeat>"),
    ("an event with a document type", "doctype", b"<!DOCTYPE EVENT [<!ENTITY a 'b'>]>" + EVENT % b"&a;"),
)


class Garbage:
    """`streams`: {source: (reason, bytes)} of all that was sent."""

    def __init__(self, site, rows):
        self.site, self.rows, self.streams = site, rows, {}

    def send(self):
        """Each stream once, side by side, until the spool has all of their bytes. Returns how many these are."""
        first = len(self.streams)
        new = {source_of(number): (reason, data) for number, (_, reason, data) in enumerate(STREAMS, first)}
        self.streams.update(new)
        send_together(self.site, {source: in_pieces(data) for source, (_, data) in new.items()})
        wanted = sum(len(data) for _, data in self.streams.values())
        wait_for(f"the {wanted} bytes of garbage among the rejects", lambda: self.bytes_kept() >= wanted)
        return sum(len(data) for _, data in new.values())

    def bytes_kept(self):
        return sum(row[3] for row in list(self.rows.rejects))


def in_pieces(data):
    return [data[:5], *(data[i:i + 4096] for i in range(5, len(data), 4096))]
