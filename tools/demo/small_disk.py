"""small_disk -- a disk for the spool that the demo can fill without harm to the machine."""
import pathlib
import subprocess

from support.disk import MIB, SMALL, fill, free_bytes


class SmallDisk:
    def __init__(self, place):
        self.place = pathlib.Path(place)

    def empty(self):
        """The file that fills it goes."""
        (self.place / "ballast").unlink(missing_ok=True)


class InMemory(SmallDisk):
    """A file system of the demo's own in memory, filled to its last byte."""
    settings = SMALL
    what_happens = "it is filled to the last byte"

    def __init__(self, place, events):
        super().__init__(place)
        mib = 256 + events * 3 // 1000  # a row takes about 2.6 KB; the reserve and the write-ahead log the rest
        self.words = f"a file system of its own in memory, {mib} MiB large"
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", place], check=True)

    def fill(self):
        fill(self.place, 0)


class Floor(SmallDisk):
    """The disk as it is. A file takes about an eighth of what is free on it, for seconds, until SPOOL_MIN_FREE is
    reached: the collector goes on reading with an eighth more than that."""
    what_happens = "a file takes what is free above SPOOL_MIN_FREE"

    def __init__(self, place, events):
        super().__init__(place)
        self.floor = (free_bytes(place) - 2048 * MIB) * 8 // 9  # the demo takes some hundred MiB, others may take more
        assert self.floor > 64 * MIB, f"the demo needs more than 2 GiB of free disk space for {place}"
        self.settings = {**SMALL, "SPOOL_MIN_FREE": self.floor}
        self.words = f"your disk, with SPOOL_MIN_FREE={self.floor // MIB}M, which is nearly what is free"

    def fill(self):
        fill(self.place, self.floor - 32 * MIB)


KINDS = {"small": InMemory, "floor": Floor}
