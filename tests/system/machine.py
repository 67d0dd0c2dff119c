"""machine -- a Debian system of its own under systemd: a tree that systemd-nspawn boots, with a network card to this process.

The process that uses it has a network namespace of its own (run.sh): it is the world outside, at WORLD, and the machine is at
ADDRESS. Nothing else is reachable from the machine. Nothing of it is known to the systemd of the host.
"""
import contextlib
import os
import pathlib
import signal
import subprocess
import time

from support.waiting import wait_for

WORLD, ADDRESS, NETWORK_BITS = "192.0.2.1", "192.0.2.2", 30
IS_REBOOTED = 133  # systemd-nspawn's exit code when the machine asks to be started again
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
NETWORK = f"""[Match]
Name=host0

[Network]
Address={ADDRESS}/{NETWORK_BITS}
IPv6AcceptRA=no
"""


class Machine:
    """`root`: its tree, which the machine changes."""

    def __init__(self, root, name="eventspool"):
        self.root, self.name = pathlib.Path(root), name
        self.console_path = self.root.parent / "console.log"
        self.process = None
        (self.root / "etc/systemd/network/10-host0.network").write_text(NETWORK)
        (self.root / "etc/hostname").write_text("site-7\n")
        wants = self.root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        networkd = wants / "systemd-networkd.service"
        if not networkd.is_symlink():
            networkd.symlink_to("/lib/systemd/system/systemd-networkd.service")

    def boot(self):
        with open(self.console_path, "ab") as console:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--directory", self.root, "--boot", "--register=no", "--keep-unit",
                 "--network-veth", "--resolv-conf=off", f"--machine={self.name}", "--system-call-filter=bpf"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"})
        wait_for("the machine's first process", self.leader)
        wait_for("the machine's network card", self.connect)
        wait_for("the machine to have started", self.has_started)
        wait_for("the machine's address", lambda: ADDRESS in self.text("ip", "-4", "address", "show", "host0"))

    def leader(self):
        """The number that process 1 of the machine has here, or None."""
        assert self.process.poll() is None, f"systemd-nspawn ended with {self.process.returncode}: {self.console()}"
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
                status = pathlib.Path(f"/proc/{child}/status").read_text()
                if "Name:\tsystemd\n" in status and status.split("NSpid:")[1].splitlines()[0].split()[1:] == ["1"]:
                    return int(child)
        return None

    def connect(self):
        """This end of the cable; it is a new one after each boot."""
        card = f"ve-{self.name}"
        added = subprocess.run(["ip", "address", "replace", f"{WORLD}/{NETWORK_BITS}", "dev", card], capture_output=True)
        return added.returncode == 0 and subprocess.run(["ip", "link", "set", card, "up"], check=True)

    def has_started(self):
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def command(self, *arguments):
        """What runs a command inside, as root."""
        return ["nsenter", "--target", str(self.leader()), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root",
                "--wd", "env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items()), *map(str, arguments)]

    def run(self, *arguments, check=True, user=None, text=True, seconds=240, **more):
        """Runs a command inside to its end, as root or as a user with all of that user's groups."""
        if user:
            arguments = ("runuser", "-u", user, "--", *arguments)
        done = subprocess.run(self.command(*arguments), capture_output=True, text=text, timeout=seconds, **more)
        assert not check or done.returncode == 0, f"{arguments}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def text(self, *arguments, **more):
        return self.run(*arguments, **more).stdout.strip()

    def start(self, *arguments):
        """Starts a command inside, and leaves it running."""
        return subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def write(self, path, text):
        """A file inside, also below /run, which is the machine's own."""
        self.run("tee", path, input=text)

    def path(self, path):
        """Where a file of the machine lies here, but for those below /run and /tmp."""
        return self.root / path.lstrip("/")

    def reboot(self):
        """As an administrator does it; a boot by the same means as the first one."""
        self.run("systemctl", "reboot", check=False)
        code = self.process.wait(120)
        assert code == IS_REBOOTED, f"exit code {code}: {self.console()}"
        self.boot()

    def console(self):
        return self.console_path.read_text(errors="replace")[-3000:]

    def journal(self, *arguments):
        return self.run("journalctl", "--no-pager", "--output=short-precise", *arguments, check=False).stdout

    def close(self):
        """Pulls the plug."""
        if self.process is None or self.process.poll() is not None:
            return
        os.kill(self.leader() or self.process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
            return
        self.process.kill()
        self.process.wait()
