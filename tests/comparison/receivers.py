"""receivers -- the programs that are compared, each set up so that it loses as little as its documentation says it can.

Each reads a port on loopback. What it delivers is read back as the list of its records: of eventspool the events in its
objects, of the others what they sent to a collecting server, as neither of them writes to S3.
"""
import glob
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

from support.environment import BIN, ROOT, clean_environment
from support.ports import reserve_port
from support.waiting import wait_for

LONGEST = 1 << 20  # bytes of one message, everywhere
MARK = b"[record]"  # before each record that the others send, so that a line feed in one does not look like its end


class Sink:
    """Collects what is sent to it, until it is closed: the far end, which the program under test may lose and find again."""

    def __init__(self):
        self.port = reserve_port()
        self.parts = []
        self.server = None

    def open(self):
        self.server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, args=(self.server,), daemon=True).start()

    def accept(self, server):
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            self.parts.append(bytearray())
            threading.Thread(target=self.read, args=(connection, self.parts[-1]), daemon=True).start()

    @staticmethod
    def read(connection, part):
        while data := connection.recv(1 << 16):
            part += data

    def close(self):
        if self.server:
            self.server.close()

    def size(self):
        return sum(map(len, self.parts))

    def records(self):
        return [record.strip() for part in self.parts for record in bytes(part).split(MARK) if record.strip()]


class Receiver:
    """A program in a directory of its own. `buffer`: the bytes that it may hold while the far end is away."""

    def __init__(self, directory, buffer=1 << 30):
        self.directory = pathlib.Path(directory).resolve()
        self.directory.mkdir(parents=True)
        self.port = reserve_port()
        self.buffer = buffer
        self.sink = Sink()
        self.process = None

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(self.command(), cwd=self.directory, stdout=log, stderr=log, env=self.environment())
        wait_for(f"{self.name} to listen", lambda: self.accepts() or self.process.poll() is not None)
        assert self.process.poll() is None, (self.directory / "log").read_text()[-2000:]

    def accepts(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def environment(self):
        return clean_environment()

    def freeze(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def find_destination(self):
        self.sink.open()

    def delivered_bytes(self):
        return self.sink.size()

    def records(self):
        return self.sink.records()

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        self.sink.close()


class Eventspool(Receiver):
    name = "eventspool"

    def __init__(self, directory, buffer=1 << 30):
        super().__init__(directory, buffer)
        self.uploader = None

    def settings(self):
        return {**clean_environment(), "SPOOL_PATH": str(self.directory / "spool.db"), "PORT": str(self.port), "STATUS_PORT": "0",
                "BIND_HOST": "127.0.0.1", "SPOOL_MIN_FREE": "64M", "SPOOL_MAX_SIZE": str(self.buffer),
                "DESTINATION_DIR": str(self.directory / "objects"), "ROTATION_INTERVAL": "1"}

    environment = settings

    def command(self):
        return [BIN / "collector"]

    def find_destination(self):
        with open(self.directory / "uploader.log", "ab") as log:
            self.uploader = subprocess.Popen([BIN / "uploader"], cwd=self.directory, stdout=log, stderr=log, env=self.settings())

    def kill(self):
        if self.uploader:
            self.uploader.kill()
            self.uploader.wait()
        super().kill()

    def objects(self, prefix="xml-events"):
        return [pathlib.Path(path).read_bytes() for path in sorted(glob.glob(f"{self.directory}/objects/{prefix}/*.*"))]

    def delivered_bytes(self):
        return sum(map(len, self.objects()))

    def records(self):
        return [event for body in self.objects() for event in re.findall(rb"<EVENT>.*?</EVENT>", body, re.DOTALL)]

    def rejects(self):
        return sum(body.count(b"\n") for body in self.objects("rejected/xml-events"))

    def close(self):
        if self.uploader and self.uploader.poll() is None:
            self.uploader.kill()
            self.uploader.wait()
        super().close()


class Configured(Receiver):
    """A program with a configuration of its own, in which FAR is where it delivers to."""
    FAR = ""

    def write_configuration(self, text):
        (self.directory / "conf").write_text(text.replace("FAR", self.FAR).format(
            port=self.port, sink=self.sink.port, dir=self.directory, buffer=self.buffer, longest=LONGEST))
        return self.directory / "conf"


class Unpacked(Configured):
    """A program out of a Debian package that packages.sh has unpacked, not installed."""
    root = ROOT / "build/comparison/root"

    def environment(self):
        libraries = (self.root / "usr/lib/syslog-ng", *glob.glob(f"{self.root}/usr/lib/*-linux-gnu"))
        return {**clean_environment(), "LD_LIBRARY_PATH": ":".join(map(str, libraries))}


class SyslogNg(Unpacked):
    name = "syslog-ng"
    INPUT = ""  # further options of the source
    FAR = 'network("127.0.0.1" port({sink}) transport("tcp") template("[record]$MESSAGE\\n") time-reopen(1)'
    CONFIGURATION = """@version: 3.38
source events {{ network(ip("127.0.0.1") port({port}) transport("tcp") flags(no-parse) log-msg-size({longest}) INPUT); }};
destination far {{
    FAR
        disk-buffer(reliable(yes) disk-buf-size({buffer}) mem-buf-size(16777216) dir("{dir}")));
}};
log {{ source(events); destination(far); flags(flow-control); }};
"""

    def command(self):
        return [self.root / "usr/sbin/syslog-ng", "-F", "--no-caps",
                "-f", self.write_configuration(self.CONFIGURATION.replace("INPUT", self.INPUT)), "--module-path",
                *glob.glob(f"{self.root}/usr/lib/syslog-ng/3.*"), "-R", "persist", "-p", "pid", "-c", "control"]


class Rsyslog(Unpacked):
    name = "rsyslog"
    MODULE, FRAMING = "imtcp", ""
    FAR = """template(name="as_it_came" type="string" string="[record]%rawmsg%")
action(type="omfwd" target="127.0.0.1" port="{sink}" protocol="tcp" template="as_it_came"
       action.resumeRetryCount="-1" action.resumeInterval="1")"""
    CONFIGURATION = """global(workDirectory="{dir}" maxMessageSize="{longest}" parser.escapeControlCharactersOnReceive="off")
main_queue(queue.type="Disk" queue.filename="main" queue.checkpointInterval="1" queue.syncQueueFiles="on"
           queue.saveOnShutdown="on" queue.maxDiskSpace="{buffer}" queue.maxFileSize="1m" queue.timeoutEnqueue="600000")
module(load="MODULE")
input(type="MODULE" address="127.0.0.1" port="{port}" FRAMING)
FAR
"""

    def command(self):
        (self.modules,) = glob.glob(f"{self.root}/usr/lib/*/rsyslog")
        return [self.root / "usr/sbin/rsyslogd", "-n", "-f", self.write_configuration(self.CONFIGURATION.replace(
            "MODULE", self.MODULE).replace("FRAMING", self.FRAMING)), "-i", self.directory / "pid", "-M", self.modules]


class RsyslogByTag(Rsyslog):
    """With the separator that its documentation gives for XML: a line that begins with the event's start tag."""
    name = "rsyslog, framing by regex"
    MODULE, FRAMING = "imptcp", 'framing.delimiter.regex="^<EVENT>" multiLine="off"'


ALL = (Eventspool, SyslogNg, Rsyslog)
