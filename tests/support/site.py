"""site -- an installation in a directory of its own: started, fed, asked and ended by a test."""
import contextlib
import glob
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess

from support.environment import BIN, clean_environment
from support.ports import reserve_port
from support.program import Program
from support.waiting import PATIENCE, wait_for


class Site:
    """An installation in a directory: a spool, a collector, an uploader."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.spool = self.directory / "var/spool.db"
        self.objects = self.directory / "objects"
        self.port = reserve_port()
        self.running = []
        self.others = []  # (process, whether its whole group ends with it)

    def settings(self, **more):
        """No keys of the person's or the machine's own: neither ~/.aws nor instance metadata."""
        return {"SPOOL_PATH": self.spool, "HOME": self.directory, "AWS_EC2_METADATA_DISABLED": "true", **more}

    def start(self, name, *arguments, under=(), pass_fds=(), **settings):
        """`under`: another program that starts it, with its arguments; `pass_fds`: descriptors that it gets."""
        program = Program(name, self.directory, self.settings(**settings), *arguments, under=under, pass_fds=pass_fds)
        self.running.append(program)
        return program

    def collector(self, **settings):
        program = self.start("collector", **{"PORT": self.port, "BIND_HOST": "127.0.0.1", "SPOOL_MIN_FREE": "64M",
                                             **settings})  # the default is more than a test machine may have
        wait_for("the collector to listen", lambda: self.accepts() or program.process.poll() is not None)
        assert program.process.poll() is None, program.log[-2000:]
        return program

    def uploader(self, **settings):
        if "BUCKET_NAME" not in settings:
            settings = {"DESTINATION_DIR": self.objects, **settings}
        program = self.start("uploader", **{"ROTATION_INTERVAL": "1", **settings})
        wait_for("the uploader to start", lambda: program.log or program.process.poll() is not None)
        return program

    def command(self, name, *arguments, seconds=PATIENCE * 4, **settings):
        """Runs a subcommand to its end, which must come within so many seconds."""
        environment = {**clean_environment(), **{k: str(v) for k, v in self.settings(**settings).items()}}
        return subprocess.run([BIN / name, *arguments], cwd=self.directory, env=environment, capture_output=True,
                              text=True, timeout=seconds)

    def accepts(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def send(self, data, piece=None):
        """Sends bytes over one connection, in pieces of a size, and closes it."""
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if piece is None:
                s.sendall(data)
            else:
                for i in range(0, len(data), piece):
                    s.sendall(data[i:i + piece])

    def owns(self, process, *, with_group=False):
        """Any other process that must not outlive the test; `with_group`: nor may what it has started."""
        self.others.append((process, with_group))
        return process

    def acmsim(self, *arguments):
        return self.owns(subprocess.Popen([BIN / "acmsim", "--port", str(self.port), *map(str, arguments)],
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                          env=clean_environment()))

    def send_events(self, count, *arguments):
        sim = self.acmsim("--count", count, *arguments)
        out, err = sim.communicate(timeout=PATIENCE * 10)
        assert sim.returncode == 0, err + out
        return out

    def query(self, sql, *parameters):
        """The collector listens before the spool is made; that is waited for."""
        try:
            return self.query_now(sql, *parameters)
        except sqlite3.OperationalError:
            self.wait_for_spool()
            return self.query_now(sql, *parameters)

    def query_now(self, sql, *parameters):
        with contextlib.closing(sqlite3.connect(f"file:{self.spool}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(sql, parameters).fetchall()

    def value(self, sql, *parameters):
        return self.query(sql, *parameters)[0][0]

    def change(self, sql):
        """What no program does: time that has passed, a row that was damaged."""
        with contextlib.closing(sqlite3.connect(self.spool, timeout=30)) as db, db:
            db.execute(sql)

    def wait_for_spool(self):
        """Until it is made, and its collector reads: a stop before that leaves what has arrived."""
        lock = self.spool.with_name(f"{self.spool.name}-collector.lock")

        def is_open():
            with contextlib.suppress(sqlite3.OperationalError):
                is_starting = lock.exists() and b"\nstarting\t" in lock.read_bytes()
                return self.query_now("SELECT 1 FROM _intake") and not is_starting
        wait_for("the spool", is_open)

    def wait_for_events(self, count):
        wait_for(f"{count} events in the spool", lambda: self.value("SELECT last_event_id FROM _intake") >= count)

    def wait_until_shipped(self, seconds=PATIENCE):
        wait_for("the backlog to be empty", lambda: self.value("SELECT events FROM summary") == 0, seconds)

    def uids(self):
        """Of all events, in the order of their ids."""
        return [uid for (uid,) in self.query("SELECT uid FROM events ORDER BY id")]

    def files(self, prefix="xml-events/"):
        return sorted(pathlib.Path(p) for p in glob.glob(str(self.objects / prefix / "*.*")))

    def object_bytes(self, prefix="xml-events/"):
        """{name: bytes} of what was shipped to the directory."""
        return {str(path): path.read_bytes() for path in self.files(prefix)}

    @contextlib.contextmanager
    def telling_of_failures(self):
        """A failure comes with the end of what each program has logged, for whoever looks into it."""
        try:
            yield
        except Exception as e:
            states = ((program.name, program.process.poll(), program.log[-2000:]) for program in self.running)
            raise AssertionError("\n".join(f"{name}, exit code {code}, logged: {log}" for name, code, log in states)) from e

    def close(self):
        for process, with_group in self.others:
            if with_group:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            if process.poll() is None:
                process.kill()
                process.wait()
        for program in self.running:
            if program.process.poll() is None:
                program.kill()
        for program in self.running:
            for sign in ("ERROR: AddressSanitizer", "runtime error:", "WARNING: ThreadSanitizer", "LeakSanitizer"):
                assert sign not in program.log, f"{program.name}: {program.log[-6000:]}"
