"""service_manager -- what systemd is to a service: it binds the port, starts the program, and hears what the program tells."""
import contextlib
import pathlib
import socket
import struct
import sys
import threading

from support.waiting import wait_for

ACTIVATE = pathlib.Path(__file__).with_name("activate.py")


class ServiceManager:
    """`socket`: listens on the site's port for as long as this lives. `messages`: all that the programs have told."""

    def __init__(self, site):
        self.site = site
        self.socket = socket.create_server(("127.0.0.1", site.port), backlog=4096)
        self.notify_path = site.directory / "notify"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.notify_path))
        self.messages = []  # each a dictionary of its lines
        self.thread = threading.Thread(target=self._hear, daemon=True)
        self.thread.start()

    def _hear(self):
        while True:
            message = self.notify.recv(65536).decode()
            if message == "end":
                return
            self.messages.append(dict(line.split("=", 1) for line in message.splitlines()))

    def start(self, name, *sockets, names=None, **settings):
        """Starts a program with these sockets; LISTEN_FDNAMES where there are names."""
        fds = [s.fileno() for s in sockets]
        named = {"LISTEN_FDNAMES": ":".join(names)} if names else {}
        variables = {"LISTEN_FDS": len(fds), "NOTIFY_SOCKET": self.notify_path, **named}
        return self.site.start(name, under=(sys.executable, "-B", ACTIVATE, ",".join(map(str, fds)) or "-"), pass_fds=fds,
                               **{**variables, **settings})

    def collector(self, **settings):
        """With the socket of the port, ready to receive."""
        before = self.count("READY")
        program = self.start("collector", self.socket, names=["events"], SPOOL_MIN_FREE="64M", **settings)
        wait_for("the collector to be ready", lambda: self.count("READY") > before or program.process.poll() is not None)
        assert program.process.poll() is None, program.log[-2000:]
        return program

    def told(self, name):
        """All values of a variable, in their order."""
        return [message[name] for message in list(self.messages) if name in message]

    def count(self, name):
        return len(self.told(name))

    def waiting(self):
        """How many senders wait to be accepted: the kernel shows it where it shows what is not acknowledged of others."""
        return struct.unpack_from("I", self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 24)[0]

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s, contextlib.suppress(OSError):
            s.sendto(b"end", str(self.notify_path))
        self.thread.join()
        self.notify.close()
        self.socket.close()
