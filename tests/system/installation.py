"""installation -- the package on a machine: its units and settings, the events that were sent to it, and where they are."""
import collections
import contextlib
import pathlib
import re
import socket
import sqlite3
import subprocess

from machine import ADDRESS, WORLD, Machine
from support import ledger
from support.environment import BIN, clean_environment
from support.rgw import Rgw
from support.senders import EACH, EVENT, numbers_taken, sending
from support.waiting import PATIENCE, wait_for

COLLECTOR, UPLOADER = "eventspool-collector.service", "eventspool-uploader.service"
PORT, STATUS = "eventspool-collector.socket", "eventspool-status.socket"
UNITS = (PORT, STATUS, COLLECTOR, UPLOADER)
SETTINGS, SECRETS = "/etc/eventspool/eventspool.env", "/etc/eventspool/uploader.env"
FOLDER = "/var/lib/eventspool"
SPOOL, TRIAL = f"{FOLDER}/spool.db", f"{FOLDER}/objects"
EVENTS_PORT, STATUS_PORT = 8080, 8081
STORE = "store.example"  # the name of the S3 server


class Installation:
    """`package`, `newer`: two packages that differ by their version alone. `server`: a real S3 server in the world outside."""

    def __init__(self, directory, package, newer):
        self.directory = pathlib.Path(directory)
        self.package, self.newer = pathlib.Path(package), pathlib.Path(newer)
        self.machine = Machine(self.directory / "root")
        self.server = None
        self.sent = collections.Counter()  # uids
        self.kept = []  # the uids of the spool in the order of ids, also of events that were purged since they were seen
        self.senders = 0
        self.figures = {}

    def begin(self):
        self.machine.boot()
        self.server = Rgw(self.directory, address=WORLD, name=STORE)

    def close(self):
        self.machine.close()
        if self.server:
            self.server.close()

    # ---- the package

    def bring(self, package):
        """Copies a package into the machine and returns where it is there."""
        place = f"/root/{package.name}"
        self.machine.path(place).write_bytes(package.read_bytes())
        return place

    def install(self, package):
        return self.machine.run("apt-get", "install", "--yes", "--no-install-recommends", "--allow-downgrades",
                                self.bring(package)).stdout

    def version(self):
        return self.machine.text("dpkg-query", "--show", "--showformat=${Version}", "eventspool")

    def add_people(self):
        """An administrator, who is a member of the group, and a user without any right."""
        for user, groups in (("alice", ["--groups", "eventspool"]), ("bob", [])):
            if self.machine.run("id", user, check=False).returncode != 0:
                self.machine.run("useradd", *groups, "--create-home", user)

    # ---- its units

    def state(self, unit):
        return self.machine.text("systemctl", "is-active", unit, check=False)

    def show(self, unit, name):
        return self.machine.text("systemctl", "show", "--property", name, "--value", unit)

    def wait_for_state(self, unit, *states):
        wait_for(f"{unit} to be {' or '.join(states)}", lambda: self.state(unit) in states)

    def systemctl(self, *arguments):
        self.machine.run("systemctl", *arguments)

    def pid(self, unit):
        """Of its program, as the machine sees it."""
        return int(self.show(unit, "MainPID"))

    def drop_in(self, unit, *lines):
        """Settings of the unit that last until the next boot, or undo_drop_ins()."""
        self.machine.run("mkdir", "-p", f"/run/systemd/system/{unit}.d")
        self.machine.write(f"/run/systemd/system/{unit}.d/50-test.conf", "\n".join(("[Service]", *lines, "")))
        self.systemctl("daemon-reload")

    def undo_drop_ins(self):
        for unit in UNITS:
            self.machine.run("rm", "-rf", f"/run/systemd/system/{unit}.d")
        self.systemctl("daemon-reload")

    def journal_of(self, unit):
        return self.machine.journal("--unit", unit)

    def starts(self, unit):
        """How often it was started since the machine was."""
        return self.machine.journal("--boot", "--unit", unit).count(f"Starting {unit}")

    def wait_for_log(self, unit, text):
        wait_for(f"{unit} to log {text!r}", lambda: text in self.journal_of(unit))

    def page(self, path, port=STATUS_PORT):
        """A program's answer on the machine itself, or nothing."""
        return self.machine.text("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port} && printf 'GET {path} HTTP/1.1\\r\\n"
                                 "Host: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && cat <&3", check=False)

    # ---- its settings

    def set(self, file, **settings):
        """As a person does it, with an editor. A value of None comments the line out."""
        path = self.machine.path(file)
        lines = path.read_text().splitlines()
        for name, value in settings.items():
            lines = [line for line in lines if not re.match(rf"#?{name}=", line)]
            lines += [f"#{name}="] if value is None else [f"{name}={value}"]
        path.write_text("\n".join(lines) + "\n")

    @contextlib.contextmanager
    def changed(self, file, unit, **settings):
        """Settings that differ for as long as this lasts, with the unit restarted before and behind it."""
        path = self.machine.path(file)
        before = path.read_text()
        self.set(file, **settings)
        self.machine.run("systemctl", "restart", unit, check=False)
        try:
            yield
        finally:
            path.write_text(before)
            self.systemctl("restart", unit)
            self.wait_for_state(unit, "active")

    # ---- events

    def accepts(self):
        done = subprocess.run(["timeout", "2", "bash", "-c", f"exec 3<>/dev/tcp/{ADDRESS}/{EVENTS_PORT}"], capture_output=True)
        return done.returncode == 0

    def acmsim(self, count, connections=1):
        """The appliance's events, as it sends them."""
        subprocess.run([BIN / "acmsim", "--host", ADDRESS, "--port", str(EVENTS_PORT), "--count", str(count), "--connections",
                        str(connections)], check=True, capture_output=True, timeout=PATIENCE, env=clean_environment())
        self.sent.update(f"{c:04x}{n:012x}" for c in range(connections) for n in range(1, count // connections + 1))

    @contextlib.contextmanager
    def sending(self, count=8):
        """Senders on new connections without a pause, none of which may be refused."""
        first = 10 + self.senders
        self.senders += count
        with sending((ADDRESS, EVENTS_PORT), count, first) as senders:
            yield senders
        self.sent.update(f"{number:016d}" for number in numbers_taken(senders))

    @contextlib.contextmanager
    def sending_through_kills(self, count=8):
        """The same while the collector is killed, which may cost what it had read and not committed."""
        first = 10 + self.senders
        self.senders += count
        with sending((ADDRESS, EVENTS_PORT), count, first) as senders:
            yield senders
        last = (first + count) * EACH - 1
        with socket.create_connection((ADDRESS, EVENTS_PORT), PATIENCE) as connection:
            connection.sendall(EVENT % last)
        wait_for("what was read before", lambda: self.query(f"SELECT 1 FROM events WHERE uid = '{last:016d}'"))
        taken = {*numbers_taken(senders), last}
        self.look_at_spool()
        kept = [int(uid) for uid in self.kept if uid.isdigit() and first * EACH <= int(uid) < (first + count) * EACH]
        assert len(kept) == len(set(kept)) and set(kept) <= taken, (len(kept), len(taken), set(kept) - taken)
        self.sent.update(f"{number:016d}" for number in kept)

    def query(self, sql):
        path = self.machine.path(SPOOL)
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(sql).fetchall()

    def value(self, sql):
        return self.query(sql)[0][0]

    def last_id(self):
        return self.value("SELECT last_event_id FROM _intake")

    def backlog(self):
        return self.value("SELECT events FROM summary")

    def wait_for_sent(self):
        wait_for("the events sent to be in the spool", lambda: self.last_id() == self.sent.total())

    def ship(self):
        self.machine.run("eventspool", "flush")

    def objects(self):
        """{key: bytes} of all that was shipped: to the folder of the trial, and then to the bucket."""
        folder = self.machine.path(TRIAL)
        files = (path for path in folder.glob("xml-events/*") if not ledger.CHECK.search(path.name))
        return {**{str(path.relative_to(folder)): path.read_bytes() for path in files}, **self.server.objects()}

    def look_at_spool(self):
        """Shipped events are purged when their disk is full, so each is noted when it is seen first."""
        rows = self.query(f"SELECT id, uid FROM events WHERE id > {len(self.kept)} ORDER BY id")
        for event_id, uid in rows:
            self.kept.append(uid)
            assert event_id == len(self.kept), f"id {event_id} follows {len(self.kept) - 1}"

    def assert_each_event_once(self):
        """What was sent is in the spool, each event once, and what is in the spool is in one object."""
        self.wait_for_sent()
        wait_for("the backlog to be empty", lambda: self.backlog() == 0)
        self.look_at_spool()
        assert collections.Counter(self.kept) == self.sent, ledger.difference(self.kept, list(self.sent.elements()))
        ledger.assert_each_event_in_one_object(self.objects(), self.kept)
        ledger.assert_spool_tiles(self.query)
