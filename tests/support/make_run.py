"""make_run -- `make run` and `make send` as a person calls them: tools/run.sh in a terminal of its own, and tools/send.sh."""
import os
import signal
import subprocess

from support.environment import BIN, ROOT, clean_environment
from support.waiting import PATIENCE, wait_for

BANNER = "eventspool listens on port"


def programs_of(session):
    """The processes of a terminal's session that have not ended."""
    found = subprocess.run(["ps", "-o", "stat=", "-s", str(session)], stdout=subprocess.PIPE, text=True, check=False).stdout
    return [state for state in found.split() if not state.startswith("Z")]


class MakeRun:
    """In a session of its own, so that Ctrl-C reaches all of its programs. `environment`: all that they see of one."""

    def __init__(self, site, environment):
        self.log_path = site.directory / "run.log"
        self.log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(["sh", ROOT / "tools/run.sh", BIN], cwd=site.directory, env=environment,
                                            stdout=log, stderr=log, start_new_session=True)
        site.owns(self.process, with_group=True)

    @property
    def log(self):
        return self.log_path.read_bytes()[self.log_start:].decode()

    def wait_for_banner(self):
        wait_for("the end of the banner", lambda: "Ctrl-C stops" in self.log or self.process.poll() is not None)
        assert self.process.poll() is None, self.log
        return self

    def ctrl_c(self):
        os.killpg(self.process.pid, signal.SIGINT)
        assert self.process.wait(PATIENCE) == 0, self.log
        assert not programs_of(self.process.pid)


def try_to_send(site, **settings):
    return subprocess.run(["sh", ROOT / "tools/send.sh", BIN], cwd=site.directory, capture_output=True, text=True,
                          env={**clean_environment(), **settings}, timeout=PATIENCE)


def send(site, **settings):
    site.wait_for_spool()  # before that a stop leaves what has arrived
    done = try_to_send(site, **{"PORT": str(site.port), **settings})
    assert done.returncode == 0 and "sent events=10 " in done.stdout, done
