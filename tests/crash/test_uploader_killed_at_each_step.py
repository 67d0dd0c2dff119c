"""kill -9 of the uploader at each system call between seal and purge, against a real S3 server, and against one that knows no
conditional writes, where a look precedes each plain PUT: every event is in exactly one object, and each object's bytes are
those whose hash was recorded.

strace kills: it delivers SIGKILL as the nth call of a kind begins. A round goes through n = 1, 2, 3 ... for each kind of
call until an uploader lives to ship and purge all that there is.
"""
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys

from support.environment import BIN, ROOT, clean_environment, size
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


def kill_at_each_call(site, server):
    """Returns how many events there were."""
    site.collector()
    kills = Kills(site, server)
    for n in range(ROUNDS):
        counts = {call: kills.go_through(call) for call in CALLS}
        print(f"# round {n + 1}: kills {counts}")
        assert min(counts.values()) > 0, f"a fault that did not fire proves nothing: {counts}"
    return kills.sent


def test_each_event_is_in_one_object_after_kills_at_each_call(site):
    rgw = Rgw(site.directory)
    try:
        sent = kill_at_each_call(site, rgw)
        assert_shipped_once(site, {key: rgw.get(key) for key in rgw.keys() if "/_check-" not in key}, sent)
    finally:
        rgw.close()


def test_each_event_is_in_one_object_after_kills_around_plain_writes(site):
    with contextlib.closing(Stub([Step("PUT", no_conditions, times=ALWAYS)])) as stub:
        sent = kill_at_each_call(site, stub)
        answers = {key: (there.body, {"x-amz-meta-sha256": there.sha256}) for key, there in stub.objects.items()}
        assert_shipped_once(site, answers, sent)
        assert_looked_before_plain_puts(stub)


if os.environ.get("BIN") and not shutil.which("strace"):
    skip(dict(globals()), "strace is not installed")
else:
    main(dict(globals()), at_once=2)
