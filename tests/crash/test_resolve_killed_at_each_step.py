"""kill -9 of `uploader resolve`, and of the uploader that does what it asks for, at each system call: a word is said and done
as a whole or not at all, the same command can be given again, and nothing is doubled that was not asked for.

strace kills, as in test_uploader_killed_at_each_step.py.
"""
import contextlib
import os
import re
import shutil
import subprocess
import sys

from support.environment import BIN, ROOT, clean_environment, size
from support.ledger import KEY
from support.tap import main, skip
from support.waiting import PATIENCE, wait_for

sys.path.append(str(ROOT / "tests/e2e"))
from s3_stub import ALWAYS, Step, Stub, error, hang, is_first_id  # noqa: E402
from shipping import World  # noqa: E402

ROUNDS = size("CRASH_STEP_ROUNDS", 1, 1)
CALLS = ("fdatasync", "pwrite64", "recvfrom")  # the spool's disk, and the look
MOST = 200  # calls of one kind; a limit for a loop that must end by itself
WORDS = ("shipped", "reseal", "abandoned")
STATES = {"shipped": "shipped", "reseal": "superseded", "abandoned": "abandoned"}
SAYS = {"shipped": "it is shipped", "reseal": "its rows are in other batches", "abandoned": "there is nothing to do"}


class Words:
    """Each word is about a batch of its own, of unknown outcome."""

    def __init__(self, site, stub):
        self.world = World(site, stub, UPLOAD_CONCURRENCY=16)
        self.site, self.stub = site, stub
        self.said = []  # (batch, word) that were done

    def environment(self):
        settings = self.site.settings(**self.stub.settings(**self.world.settings))
        return {**clean_environment(), **{name: str(value) for name, value in settings.items()}}

    def begin(self, arguments, strace=()):
        with open(self.site.directory / "killed.log", "ab") as log:
            return self.site.owns(subprocess.Popen([*strace, BIN / "uploader", *arguments], cwd=self.site.directory, stdout=log,
                                                   env=self.environment(), stderr=log, stdin=subprocess.DEVNULL))

    def under(self, call, nth):
        return ("strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}")

    def new_batch(self):
        """A batch of unknown outcome, while no uploader runs: the one that has sealed it was killed in its PUT."""
        self.stub.set_script()
        process = self.begin(["run"])
        wait_for("all before it to be shipped", lambda: self.stub.checks and self.site.value("SELECT events FROM summary") == 0)
        self.stub.set_script(Step("PUT", hang, times=ALWAYS))
        self.world.send()
        wait_for("its PUT", lambda: any(r.method == "PUT" and is_first_id(r, self.world.sent) for r in self.stub.requests))
        process.kill()
        process.wait()
        self.stub.set_script()
        return self.site.value("SELECT id FROM batches WHERE first_id = ?", self.world.sent)

    def arguments(self, number, word):
        return ["resolve", "--batch", str(number), "--as", word, "--yes", "--note", "killed"]

    def check(self, number, word):
        """All or nothing; returns whether it was done."""
        state, said = self.site.query("SELECT state, resolved_as FROM batches WHERE id = ?", number)[0]
        parts = self.site.query("SELECT first_id, last_id FROM batches WHERE reship_of = ? ORDER BY first_id", number)
        assert (state, said) in (("sealed", None), ("blocked", None), (STATES[word], word)), (state, said)
        assert len(parts) == (1 if state == "superseded" else 0), parts
        assert self.site.value("PRAGMA integrity_check") == "ok"
        return said is not None

    def repeat(self, number, word, was_done):
        done = self.world.command(*self.arguments(number, word))
        assert done.returncode == (0 if not was_done or word == "abandoned" else 1), done
        assert not was_done or SAYS[word] in done.stdout + done.stderr, done
        assert self.check(number, word)
        self.said.append((number, word))

    def kill_command(self, call, word):
        """The command serves itself. Returns (kills, kills before the word was done)."""
        number, before = self.new_batch(), 0
        for nth in range(1, MOST):
            was_killed = self.begin(self.arguments(number, word), self.under(call, nth)).wait(PATIENCE) == -9
            was_done = self.check(number, word)
            before += not was_done
            if not was_killed:
                assert was_done
                self.repeat(number, word, True)
                return nth - 1, before
            if was_done:
                self.repeat(number, word, True)
                number = self.new_batch()
        raise AssertionError(f"{MOST} calls of {call} and no end")

    def assert_all_told(self):
        """When the store is well, it holds what was asked for: of each word about a batch without an object."""
        self.stub.set_script()
        self.world.start()
        wait_for("all to be settled", lambda: self.site.value("SELECT events FROM summary") == 0)
        expected = {first for number, word in self.said if word == "reseal"
                    for (first,) in self.site.query("SELECT first_id FROM batches WHERE id = ?", number)}
        assert sorted(self.stub.kept) == sorted(set(self.stub.kept)), "stored once each"
        for key in self.stub.kept:
            assert re.search(r"-r2[.]xml$", key), key
        assert {int(KEY.match(key)[4]) for key in self.stub.kept} == expected and len(self.stub.kept) == len(expected)
        ids = self.site.query("SELECT first_id, last_id FROM _batch WHERE superseded_at IS NULL ORDER BY first_id")
        assert ids == [(i, i) for i in range(1, self.world.sent + 1)], ids
        given_up = sum(word == "abandoned" for _, word in self.said)
        assert self.site.query("SELECT events, abandoned_events FROM summary") == [(0, given_up)]


def test_a_word_is_whole_after_kills_of_the_command_at_each_call(site):
    with contextlib.closing(Stub()) as stub:
        words = Words(site, stub)
        for _ in range(ROUNDS):
            for word in WORDS:
                counts = {call: words.kill_command(call, word) for call in CALLS}
                print(f"# {word}: kills, and those before it was done: {counts}")
                assert min(kills for kills, _ in counts.values()) > 0 and sum(before for _, before in counts.values()) > 0, counts
        words.assert_all_told()


def test_a_word_is_whole_after_kills_of_the_uploader_at_each_call(site):
    with contextlib.closing(Stub()) as stub:
        words = Words(site, stub)
        for word in WORDS:
            counts = kill_service(words, "fdatasync", word)
            print(f"# {word}: kills, and those before it was done: {counts}")
            assert min(counts) > 0, counts
        words.assert_all_told()


def kill_service(words, call, word):
    """The running uploader serves the command, and is killed at its nth call, counted from its start."""
    number, before = words.new_batch(), 0
    words.stub.set_script(Step("HEAD", error(503), times=ALWAYS), Step("PUT", error(503), times=ALWAYS))
    for nth in range(1, MOST):
        start = words.site.value("SELECT coalesce(seen_at, 0) FROM _uploader")
        service = words.begin(["run"], words.under(call, nth))
        wait_for("the uploader, or its end", lambda: service.poll() is not None or
                 words.site.value("SELECT seen_at FROM _uploader") > start)
        command = words.begin(words.arguments(number, word))
        code = command.wait(PATIENCE)
        was_killed = service.poll() is not None
        was_done = words.check(number, word)
        before += not was_done
        assert code in (0, 1, 75) and (code != 0 or was_done), code
        service.kill()
        service.wait()
        if was_done:
            words.repeat(number, word, True)
        if was_done and not was_killed:
            return nth - 1, before
        if was_done:
            number = words.new_batch()
            words.stub.set_script(Step("HEAD", error(503), times=ALWAYS), Step("PUT", error(503), times=ALWAYS))
    raise AssertionError(f"{MOST} calls of {call} and no end")


if os.environ.get("BIN") and not shutil.which("strace"):
    skip(dict(globals()), "strace is not installed")
else:
    main(dict(globals()), at_once=2)
