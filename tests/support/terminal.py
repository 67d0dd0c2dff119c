"""terminal -- a program on a terminal of its own: what it has written there, and what a person sees of it."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading

from support.waiting import PATIENCE, wait_for

ERASE = "\x1b[K"


class Terminal:
    """A pseudo-terminal with one program on it, which gets its Ctrl-C."""

    def __init__(self, site, command, environment, *, columns=100, **streams):
        """`streams`: as for Popen, for those that are no terminal."""
        self.master, slave = pty.openpty()
        self.resize(columns)
        self.output, self.lock = b"", threading.Lock()
        self.process = site.owns(subprocess.Popen(
            command, cwd=site.directory, env={"TERM": "xterm", **environment}, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
            **{"stdin": slave, "stdout": slave, "stderr": slave, **streams}))
        os.close(slave)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:  # nobody has the terminal open any more
                return
            with self.lock:
                self.output += data

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    @property
    def text(self):
        with self.lock:
            return self.output.decode()

    def wait_for(self, pattern, seconds=PATIENCE):
        return wait_for(f"{pattern!r} on the terminal", lambda: re.search(pattern, self.text), seconds)

    def wait_for_end(self):
        """Returns the exit code; all that was written has been read then."""
        code = self.process.wait(PATIENCE * 4)
        self.reader.join(PATIENCE)
        os.close(self.master)
        return code

    def screen(self):
        """The lines as they stand there; only what these programs use is understood."""
        lines, column = [""], 0
        for piece in re.findall(r"\x1b\[K|[\r\n]|[^\x1b\r\n]+|.", self.text):
            if piece == "\r":
                column = 0
            elif piece == "\n":
                lines.append("")
            elif piece == ERASE:
                lines[-1] = lines[-1][:column]
            else:
                assert piece.isprintable(), piece
                lines[-1] = lines[-1][:column] + piece + lines[-1][column + len(piece):]
                column += len(piece)
        return lines
