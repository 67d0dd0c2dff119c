"""to_files -- the programs of `make bench-peers`: each receives on loopback and delivers to files below its directory.

tests/comparison sets them up to lose as little as their documentation says they can; here the far end is files. POWER_CUT
is what a power cut takes, in words, and SOURCE where that stands.
"""
import contextlib
import os
import re
import resource
import sqlite3
import subprocess
import sys

import proc
from support.environment import BIN, BUILD, ROOT
from support.ports import used_ports
from support.waiting import wait_for

sys.path.append(str(ROOT / "tests/comparison"))
from receivers import Configured, Eventspool, Receiver, Rsyslog, SyslogNg


class ToFiles(Receiver):
    """A receiver whose far end is its own files in `out`."""
    ONE_OF = 1  # of so many events it gets one; more where all of them would take too long

    @staticmethod
    def is_there():
        return True

    def start(self):
        (self.directory / "out").mkdir()
        super().start()

    def accepts(self):
        """Looked up, not tried: the sink takes a single connection."""
        return self.port in used_ports()

    def pids(self):
        return [self.process.pid]

    def cpu_seconds(self):
        """User and system time of its processes until now."""
        return sum(map(proc.cpu_seconds, self.pids()))

    def peak_mb(self):
        """The sum of what each process had at its own peak."""
        return sum(proc.status_mib(pid, "VmHWM") for pid in self.pids()) * (1 << 20) / 1e6

    def flush(self, events):
        """What a user does who has sent so many events and does not want to wait for the last ones."""

    def files(self):
        return sorted(path for path in (self.directory / "out").rglob("*") if path.is_file())


class SinkToFile(ToFiles):
    """It ends with its connection, and prints its CPU time."""
    name = "append + fdatasync of each read (the limit)"
    POWER_CUT = "at most one read"
    SOURCE = "each is synced before the next; tests/bench/sink.c"

    def command(self):
        return [BUILD / "bench/sink", str(self.port), "out/events"]

    def flush(self, events):
        assert self.process.wait(60) == 0

    def cpu_seconds(self):
        if self.process.poll() is None:
            return super().cpu_seconds()
        return float(re.search(r"cpu_seconds=([\d.]+)", (self.directory / "log").read_text())[1])


class EventspoolToFiles(ToFiles, Eventspool):
    """The defaults, and a directory as destination. `uploader flush` ships the last events, which would wait for an hour."""
    name = "eventspool (collector, and uploader to a directory)"
    POWER_CUT = "what is not committed yet"
    SOURCE = "rows and objects are synced (strace); tests/unit/collector/test_power_cut.c"

    def start(self):
        super().start()
        self.flush_cpu_seconds = 0.0
        super().find_destination()

    def settings(self):
        settings = {**super().settings(), "DESTINATION_DIR": str(self.directory / "out"), "SPOOL_SYNC": "full"}
        for name in ("ROTATION_INTERVAL", "SPOOL_MAX_SIZE"):  # below a ceiling the uploader would purge meanwhile
            del settings[name]
        return settings

    environment = settings

    def pids(self):
        return [self.process.pid, self.uploader.pid]

    def cpu_seconds(self):
        return super().cpu_seconds() + self.flush_cpu_seconds

    def flush(self, events):
        """When all of them are in the spool: the collector hangs up when it has read them."""
        with contextlib.closing(sqlite3.connect(f"file:{self.directory}/spool.db?mode=ro", uri=True, timeout=30)) as db:
            wait_for(f"{events} events in the spool",
                     lambda: db.execute("SELECT last_event_id FROM _intake").fetchone()[0] >= events)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([BIN / "uploader", "flush"], cwd=self.directory, env=self.settings(), check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.flush_cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def files(self):
        return sorted((self.directory / "out/xml-events").glob("*.xml"))


class SyslogNgToFile(ToFiles, SyslogNg):
    name = "syslog-ng (reliable disk buffer) to a file"
    POWER_CUT = "what the kernel has not written back"
    SOURCE = "neither its buffer nor the file is synced (strace)"
    INPUT = "log-iw-size(10000) log-fetch-limit(1000)"  # the fastest of those that were tried
    FAR = 'file("{dir}/out/events" template("$MESSAGE\\n")'


class RsyslogToFile(ToFiles, Rsyslog):
    name = "rsyslog (disk queue, synced) to a file"
    POWER_CUT = "nothing of its queue; what the kernel has not written back of the file"
    SOURCE = "its queue is synced for each message, the file never (strace)"
    FAR = """template(name="as_it_came" type="string" string="%rawmsg%\\n")
action(type="omfile" file="{dir}/out/events" template="as_it_came")"""
    ONE_OF = 50


class FluentBitToFile(ToFiles, Configured):
    """No package of the distribution: it is run where FLUENT_BIT is the path of its program."""
    name = "Fluent Bit (filesystem, sync full) to a file"
    POWER_CUT = "what is in no chunk yet"
    SOURCE = "storage.sync is full; its documentation, not tried"
    CONFIGURATION = """[SERVICE]
    Flush 0.2
    Log_Level warn
    storage.path {dir}/chunks
    storage.sync full
[INPUT]
    Name tcp
    Listen 127.0.0.1
    Port {port}
    Format none
    Chunk_Size 1024
    Buffer_Size 4096
    storage.type filesystem
[OUTPUT]
    Name file
    Match *
    Path {dir}/out
    File events
    Format template
    Template {{log}}
"""

    def command(self):
        return [os.environ["FLUENT_BIT"], "-c", self.write_configuration(self.CONFIGURATION)]

    @staticmethod
    def is_there():
        return bool(os.environ.get("FLUENT_BIT"))


ALL = {"limit": SinkToFile, "eventspool": EventspoolToFiles, "syslog-ng": SyslogNgToFile, "rsyslog": RsyslogToFile,
       "fluent-bit": FluentBitToFile}
