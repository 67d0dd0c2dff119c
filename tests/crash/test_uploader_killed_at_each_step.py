"""kill -9 of the uploader at each system call between seal and purge, against a real S3 server, and against one that knows no
conditional writes, where a look precedes each plain PUT: every event is in exactly one object, and each object's bytes are
those whose hash was recorded. And with a directory instead of a server, on file systems that know more and less: whatever
was left of a killed one is removed by the next.

strace kills: it delivers SIGKILL as the nth call of a kind begins. A round goes through n = 1, 2, 3 ... for each kind of
call until an uploader lives to ship and purge all that there is.
"""
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys

from support.environment import BIN, ROOT, bare_file_system, clean_environment, size
from support.ledger import assert_each_event_in_one_object, assert_spool_tiles
from support.rgw import Rgw
from support.tap import main, skip
from support.waiting import wait_for

sys.path.append(str(ROOT / "tests/e2e"))
from s3_stub import ALWAYS, Step, Stub, no_conditions  # noqa: E402
from shipping import assert_looked_before_plain_puts  # noqa: E402

ROUNDS = size("CRASH_STEP_ROUNDS", 2, 1)
MOST = 400  # calls of one kind; a limit for a loop that must end by itself
CALLS = ("fdatasync", "pwrite64", "connect", "sendto", "recvfrom")  # the spool's disk, and the store
DONE = """SELECT NOT EXISTS (SELECT 1 FROM _event)
              AND NOT EXISTS (SELECT 1 FROM _batch WHERE shipped_at IS NULL)"""


class Kills:
    def __init__(self, site, server):
        self.site = site
        self.settings = server.settings(MAX_FILE_SIZE=1024, RETENTION=0, ROTATION_INTERVAL=1)
        self.sent = 0
        self.left = 0  # kills that have left a file which was being written

    def send(self):
        """One more event, which is a batch by itself."""
        self.sent += 1
        self.site.send(b"<EVENT><cn>%016x</cn>%s</EVENT>" % (self.sent, b" " * 2000))
        self.site.wait_for_events(self.sent)

    def run(self, call, nth):
        """True: the nth call killed it; False: there was none."""
        environment = {**clean_environment(), **{k: str(v) for k, v in self.site.settings(**self.settings).items()}}
        with open(self.site.directory / "killed.log", "ab") as log:
            process = subprocess.Popen(["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                        f"inject={call}:signal=KILL:when={nth}", BIN / "uploader"], env=environment,
                                       cwd=self.site.directory, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            wait_for("the kill, or all to be done",
                     lambda: process.poll() is not None or self.site.value(DONE))
            if process.poll() is None:
                process.terminate()
            return process.wait(30) == -9
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def go_through(self, call):
        """Returns how many kills there were."""
        for nth in range(1, MOST):
            self.send()
            if not self.run(call, nth):
                return nth - 1
            self.left += any(self.site.objects.rglob(".eventspool-*"))
        raise AssertionError(f"{MOST} calls of {call} and no end")


def assert_shipped_once(site, answers, sent):
    """`answers`: {key: (body, headers)} of all objects."""
    recorded = dict(site.query("SELECT object_key, sha256 FROM batches WHERE kind = 'events'"))
    for key, (body, headers) in answers.items():
        assert hashlib.sha256(body).hexdigest() == recorded[key] == headers["x-amz-meta-sha256"], key
    assert_each_event_in_one_object({key: body for key, (body, _) in answers.items()}, [f"{number:016x}" for number in range(1, sent + 1)])
    assert set(answers) == set(recorded)
    assert_spool_tiles(site.query)
    assert {s for (s,) in site.query("SELECT state FROM batches")} == {"shipped"}


def kill_at_each_call(site, server, calls=CALLS, rounds=ROUNDS):
    """Returns how many events there were, and how many kills have left a file."""
    site.collector()
    kills = Kills(site, server)
    for n in range(rounds):
        counts = {call: kills.go_through(call) for call in calls}
        print(f"# round {n + 1}: kills {counts}")
        assert min(counts.values()) > 0, f"a fault that did not fire proves nothing: {counts}"
    return kills.sent, kills.left


def test_each_event_is_in_one_object_after_kills_at_each_call(site):
    rgw = Rgw(site.directory)
    try:
        sent, _ = kill_at_each_call(site, rgw)
        assert_shipped_once(site, {key: rgw.get(key) for key in rgw.keys() if "/_check-" not in key}, sent)
    finally:
        rgw.close()


def test_each_event_is_in_one_object_after_kills_around_plain_writes(site):
    with contextlib.closing(Stub([Step("PUT", no_conditions, times=ALWAYS)])) as stub:
        sent, _ = kill_at_each_call(site, stub)
        answers = {key: (there.body, {"x-amz-meta-sha256": there.sha256}) for key, there in stub.objects.items()}
        assert_shipped_once(site, answers, sent)
        assert_looked_before_plain_puts(stub)


class Directory:
    """A directory of a file system of this kind ('': this machine's), in the place of a server."""

    def __init__(self, site, kind):
        self.site, self.kind = site, kind

    def settings(self, **more):
        return {"DESTINATION_DIR": self.site.objects, **more, **(bare_file_system(self.kind) if self.kind else {})}

    def all_files(self):
        return [path for path in self.site.objects.rglob("*") if path.is_file()]


def check_directory(site, kind, *calls):
    directory = Directory(site, kind)
    sent, left_by = kill_at_each_call(site, directory, calls, rounds=1)
    assert left_by > 0 or not kind, "nothing was left, so nothing had to be removed"
    files = {str(path.relative_to(site.objects)): path.read_bytes() for path in directory.all_files()}
    left = [key for key in files if key.rsplit("/", 1)[-1].startswith(".")]
    assert left == [], left
    assert_shipped_once(site, {key: (body, {"x-amz-meta-sha256": hashlib.sha256(body).hexdigest()})
                               for key, body in files.items() if "/_check-" not in key}, sent)


def test_a_directory_holds_each_event_once_and_nothing_else(site):
    check_directory(site, "", "write", "fsync", "linkat")


def test_a_directory_of_vfat_holds_each_event_once_and_nothing_else(site):
    check_directory(site, "vfat", "flock", "fsync", "renameat2")


def test_a_directory_of_nfs_holds_each_event_once_and_nothing_else(site):
    check_directory(site, "nfs", "linkat", "unlink")


if os.environ.get("BIN") and not shutil.which("strace"):
    skip(dict(globals()), "strace is not installed")
else:
    main(dict(globals()), at_once=2)
