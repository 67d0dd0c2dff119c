"""lines -- the load of `make bench-peers`, and the reader that says what became of it.

The load is acmsim's events, each on one line: the other programs end a message at a line feed, and acmsim, like the
appliance, puts one between the elements of an event. The reader looks for whole events in files, whoever wrote them.
"""
import collections
import mmap
import re
import socket
import subprocess
import time
import zlib

from support.environment import BIN, clean_environment

END = b"</EVENT>"
UID = re.compile(rb"<cn>([0-9a-f]{16})</cn>")
BLOCK = 1 << 23
SENT_AT_ONCE = 1 << 16


class Load:
    """So many events in a file; `events`: {uid: checksum of the event}, `size`: their bytes without what separates them."""

    def __init__(self, path, count):
        self.path, self.count = path, count
        write_lines(path, count)
        self.events, self.size = {}, 0
        for event in events_in(path):
            self.events[uid_of(event)] = zlib.crc32(event)
            self.size += len(event)
        assert len(self.events) == count and path.stat().st_size == self.size + count, path

    def send(self, port, before_end):
        """Over one connection, as fast as it is taken; calls before_end() when the kernel has all of it, and then ends it.
        Returns the time of the first byte, and the seconds from it until the receiver has read the end and hung up."""
        with socket.create_connection(("127.0.0.1", port)) as s, open(self.path, "rb") as file, \
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
            begun_at, begun = time.time(), time.monotonic()
            for at in range(0, len(view), SENT_AT_ONCE):
                with view[at:at + SENT_AT_ONCE] as piece:
                    s.sendall(piece)  # with sendfile() the receiver's reads would be a third as long
            before_end()
            s.shutdown(socket.SHUT_WR)
            assert s.recv(1) == b"", "the receiver has answered"
            return begun_at, time.monotonic() - begun

    def missing_and_doubled(self, paths):
        """How many events are not in these files as they were sent, byte for byte, and how many copies are too many."""
        found = collections.Counter()
        for path in paths:
            for event in events_in(path):
                uid = uid_of(event)
                if self.events.get(uid) == zlib.crc32(event):
                    found[uid] += 1
        return self.count - len(found), found.total() - len(found)


def write_lines(path, count):
    with open(path, "wb") as file:
        sim = subprocess.Popen([BIN / "acmsim", "--stdout", "--count", str(count)], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env=clean_environment())
        for event in split(sim.stdout):
            file.write(event.replace(b"\n", b"") + b"\n")
        assert sim.wait() == 0


def events_in(path):
    with open(path, "rb") as file:
        for text in split(file):
            begin = text.rfind(b"<EVENT>")
            if begin >= 0:
                yield text[begin:]


def split(file):
    """What ends with each end tag, with all that stands before it."""
    rest = b""
    while block := file.read(BLOCK):
        *whole, rest = (rest + block).split(END)
        for text in whole:
            yield text + END


def uid_of(event):
    found = UID.search(event)
    return found[1] if found else None
