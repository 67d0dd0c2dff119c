"""fresh -- a fresh machine with one account, and what a person types there: each step is timed, and downloads are no part of it."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

from machine import ADDRESS, Machine
from support.waiting import PATIENCE, wait_for

PERSON, HOME = "alice", "/home/alice"
SOURCES = "/srv/eventspool.git"
ADDRESS_IN_THE_PAGE = "https://git.example/eventspool.git"
EVENTS_PORT = 8080


class Fresh:
    """The machine is made by begin(), anew each time. apt finds all packages in its cache."""

    def __init__(self, directory, package):
        self.directory, self.package = pathlib.Path(directory), pathlib.Path(package)
        self.machine = None
        self.figures = {}
        self.folder = HOME
        self.terminal = None  # a command that keeps running in another one

    def begin(self):
        """Boots it. The person may use sudo; the page's address of the sources leads to a copy of them."""
        self.close()
        root = self.directory / "fresh-root"
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", f"{self.directory / 'fresh'}/.", root], check=True)
        self.machine = Machine(root)
        self.machine.boot()
        self.machine.path("/etc/hosts").write_text("127.0.0.1 localhost site-7\n")
        self.machine.run("apt-get", "install", "--yes", "sudo")
        self.machine.run("useradd", "--create-home", "--shell", "/bin/bash", PERSON)
        self.machine.path("/etc/sudoers.d/person").write_text(
            f'{PERSON} ALL=(ALL) NOPASSWD: ALL\nDefaults env_keep += "DEBIAN_FRONTEND"\n')
        subprocess.run(["cp", "-a", self.directory / "eventspool.git", self.machine.path(SOURCES)], check=True)
        self.machine.run("chown", "-R", f"{PERSON}:", SOURCES)
        self.machine.path(f"{HOME}/.gitconfig").write_text(f'[url "{SOURCES}"]\n    insteadOf = {ADDRESS_IN_THE_PAGE}\n')
        self.folder = HOME

    def close(self):
        if self.machine:
            self.machine.close()
            self.machine = None

    def script(self, text):
        """The block in the folder where the last one has ended."""
        return ("env", f"HOME={HOME}", "bash", "-ec", f"cd '{self.folder}'\n{text}\npwd >{HOME}/.folder\n")

    def type(self, step, text):
        """Returns what is printed. Where apt asks whether to continue, the answer is yes."""
        started = time.monotonic()
        done = self.machine.run(*self.script(text), user=PERSON, input="y\n" * 9 if "apt " in text else "", check=False,
                                seconds=PATIENCE * 5)
        self.figures[step] = f"{time.monotonic() - started:.1f} s"
        assert done.returncode == 0, (step, text, done.stdout[-3000:], done.stderr[-3000:])
        self.folder = self.machine.path(f"{HOME}/.folder").read_text().strip()
        return done.stdout

    def type_and_wait(self, step, text, words):
        """In a first terminal, where it goes on; returns what it has printed when it has said these words."""
        started = time.monotonic()
        log = self.directory / "terminal.log"
        with open(log, "w") as output:
            self.terminal = subprocess.Popen(
                self.machine.command("runuser", "-u", PERSON, "--", *self.script(text)), stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True)
        wait_for(words, lambda: words in log.read_text() or self.terminal.poll() is not None, PATIENCE * 5)
        self.figures[step] = f"{time.monotonic() - started:.1f} s"
        assert self.terminal.poll() is None, log.read_text()[-3000:]
        return log.read_text()

    def ctrl_c(self):
        os.killpg(self.terminal.pid, signal.SIGINT)
        self.terminal.wait(PATIENCE)

    def accepts(self):
        """Whether the world outside can connect to the port for events."""
        done = subprocess.run(["timeout", "2", "bash", "-c", f"exec 3<>/dev/tcp/{ADDRESS}/{EVENTS_PORT}"], capture_output=True)
        return done.returncode == 0
