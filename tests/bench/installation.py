"""installation -- the tests' Site for measuring: finer clocks than a test needs, and figures taken while waiting."""
import contextlib
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time

from support.environment import BIN, BUILD, clean_environment
from support.ports import reserve_port
from support.site import Site
from support.waiting import wait_for

import proc

MIB = 1 << 20
# Seconds between two looks at the spool while a load runs: few, because a reader can keep the log from beginning again,
# and more of them when the end is near.
POLL_MIN, POLL_MAX = 0.002, 0.1
PATIENCE = 1800  # the longest load: ten million events


class Installation(Site):
    """One spool, its collector, and one connection of ours to it that never holds a snapshot."""

    def __init__(self, directory):
        super().__init__(directory)
        self.db = self.pid = self.process = None
        self.status_port = reserve_port()  # the product's default is on, too
        self.wal_peak = self.anonymous_peak = 0

    def start_collector(self, *tool, **settings):
        """Under `tool`, a command that runs another, if one is given. Returns the seconds from exec to listening."""
        environment = {**clean_environment(), "SPOOL_PATH": str(self.spool), "PORT": str(self.port),
                       "BIND_HOST": "127.0.0.1", "STATUS_PORT": str(self.status_port), **settings}
        since = time.monotonic()
        with open(self.directory / "collector.log", "ab") as log:
            self.process = self.owns(subprocess.Popen([*tool, BIN / "collector"], cwd=self.directory, env=environment,
                                                      stderr=log, start_new_session=True), with_group=True)
        while not self.accepts():
            assert self.process.poll() is None, self.log()[-2000:]
            time.sleep(0.001)
        seconds = time.monotonic() - since
        self.pid = self.process.pid
        self.wal_peak = self.anonymous_peak = 0
        self.db = sqlite3.connect(self.spool, timeout=30, isolation_level=None)
        while not self.first_row("SELECT count(*) FROM sqlite_schema WHERE name = '_intake'")[0]:
            time.sleep(0.01)  # under a tool that makes it slow, the port is open before the spool
        return seconds

    def stop_collector(self):
        self.db.close()
        self.process.terminate()
        assert self.process.wait(60) == 0, self.log()[-2000:]

    def close(self):
        if self.db:
            self.db.close()
        super().close()

    def log(self):
        return (self.directory / "collector.log").read_text()

    def first_row(self, sql, *parameters):
        """The first row."""
        return self.db.execute(sql, parameters).fetchall()[0]

    def rows(self):
        return self.first_row("SELECT last_event_id FROM _intake")[0]

    def payload_bytes(self):
        return self.first_row("SELECT event_bytes FROM _intake")[0]

    def commits(self):
        return self.first_row("SELECT group_number FROM _intake")[0]

    def wal_bytes(self):
        return self.spool.with_name(self.spool.name + "-wal").stat().st_size

    def poll(self):
        """How many rows there are; notes by the way the sizes whose peak is wanted."""
        self.wal_peak = max(self.wal_peak, self.wal_bytes())
        self.anonymous_peak = max(self.anonymous_peak, proc.status_mib(self.pid, "RssAnon"))
        return self.rows()

    def wait_for_rows(self, count):
        """Until row `count` is there for another connection than the writer's."""
        since, first = time.monotonic(), self.rows()
        while (rows := self.poll()) < count:
            seconds = time.monotonic() - since
            assert seconds < PATIENCE, f"{rows} of {count} rows after {PATIENCE} s"
            left = seconds * (count - rows) / max(rows - first, 1)
            time.sleep(min(max(left / 2, POLL_MIN), POLL_MAX))

    def load(self, count, connections, *options):
        """Sends `count` events; returns the seconds from the start of acmsim to the last row visible."""
        last = self.rows() + count
        since = time.monotonic()
        sim = self.acmsim("--count", count, "--connections", connections, *options)
        self.wait_for_rows(last)
        seconds = time.monotonic() - since
        out, err = sim.communicate(timeout=60)
        assert sim.returncode == 0, out + err
        return seconds

    @contextlib.contextmanager
    def under_load(self, rate, connections=8):
        """An endless load beside what the block does; rate 0: as fast as possible."""
        sim = self.acmsim("--count", 0, "--rate", rate, "--connections", connections)
        try:
            yield
        finally:
            sim.terminate()
            sim.communicate(timeout=60)

    def finish_checkpoint(self):
        """Moves the rest of the write-ahead log into the file; returns the bytes that this wrote."""
        before = proc.written_bytes("self")

        def is_done():
            busy, in_log, moved = self.first_row("PRAGMA wal_checkpoint(PASSIVE)")
            return not busy and in_log == moved
        wait_for("the checkpoint", is_done)
        return proc.written_bytes("self") - before


@contextlib.contextmanager
def fresh_directory():
    """On the disk that the build lies on."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


@contextlib.contextmanager
def fresh_installation():
    """With an empty spool and a running collector."""
    with fresh_directory() as directory, contextlib.closing(Installation(directory)) as site:
        site.start_collector()
        yield site
