"""program -- one of the product's programs, running under a test."""
import pathlib
import signal
import subprocess

from support.environment import BIN, clean_environment
from support.waiting import PATIENCE, wait_for


class Program:
    """One of our programs, running. Its log goes to a file; a sanitizer's report in it fails the test."""

    def __init__(self, name, cwd, settings, *arguments, under=(), pass_fds=()):
        self.name = name
        self.log_path = pathlib.Path(cwd) / f"{name}.log"
        self.log_file = open(self.log_path, "ab")
        self.log_start = self.log_path.stat().st_size
        # Without a port for the status, unless the test is about it: many collectors run at once.
        environment = {**clean_environment(), "STATUS_PORT": "0", **{k: str(v) for k, v in settings.items()}}
        self.process = subprocess.Popen([*under, BIN / name, *arguments], cwd=cwd, env=environment, stderr=self.log_file,
                                        stdout=self.log_file, stdin=subprocess.DEVNULL, pass_fds=pass_fds)

    @property
    def log(self):
        """What it has logged since it was started."""
        return self.log_path.read_bytes()[self.log_start:].decode(errors="replace")

    def wait_for_log(self, text):
        wait_for(f"{self.name} to log {text!r}", lambda: text in self.log or self.process.poll() is not None)
        assert text in self.log, f"{self.name} ended: {self.log[-2000:]}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log_file.close()

    def stop(self, expected=0):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self.log_file.close()
        assert code == expected, f"{self.name} ended with {code}: {self.log[-3000:]}"
