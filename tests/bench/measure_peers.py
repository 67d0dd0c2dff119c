"""measure_peers -- one load through one program, from the first byte sent to the last byte of its last file."""
import contextlib
import os
import time

from installation import fresh_directory
from lines import Load

QUIET_SECONDS = 30  # what has not come for so long does not come


@contextlib.contextmanager
def loads(programs, events):
    """{program: what it gets}; they lie on the disk of the build, and in memory once they are written."""
    with fresh_directory() as directory:
        counts = {program: max(events // program.ONE_OF, 1) for program in programs}
        made = {count: Load(directory / f"{count}.events", count) for count in set(counts.values())}
        yield {program: made[count] for program, count in counts.items()}


def measure(results, program, load):
    os.sync()  # nobody pays for what the one before has left
    with fresh_directory() as directory:
        receiver = program(directory / "r", max(1 << 30, 2 * load.size))
        try:
            receiver.start()
            results.add(program.name, **pass_through(receiver, load))
        finally:
            receiver.close()


def pass_through(receiver, load):
    figures = {}
    before = receiver.cpu_seconds()
    begun_at, accepted = load.send(receiver.port, lambda: figures.update(peak_mb=receiver.peak_mb()))
    receiver.flush(load.count)
    wait_until_complete(receiver, load.size)
    delivered = max((path.stat().st_ctime for path in receiver.files()), default=time.time()) - begun_at
    cpu = receiver.cpu_seconds() - before
    on_disk = delivered + seconds_to_sync(receiver.files())
    if receiver.process.poll() is None:
        figures["peak_mb"] = receiver.peak_mb()
    missing, doubled = load.missing_and_doubled(receiver.files())
    return {**figures, "accepted": load.count / accepted, "delivered": (load.count - missing) / delivered,
            "on_disk": (load.count - missing) / on_disk, "cpu": cpu / load.count * 1e6, "lost": missing, "doubled": doubled}


def wait_until_complete(receiver, size):
    """The files' sizes alone are looked at, which costs nothing: until they can hold all of it, or nothing comes any more."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < (0.5 if last >= size else QUIET_SECONDS):
        now = sum(path.stat().st_size for path in receiver.files())
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.05)


def seconds_to_sync(paths):
    """Nothing for what the program has synced itself."""
    since = time.monotonic()
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    return time.monotonic() - since
