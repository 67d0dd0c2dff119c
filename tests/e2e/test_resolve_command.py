"""What `uploader resolve` shows a person, what it asks, and what it does not take."""
import os
import pty
import subprocess

from support.beside import Beside
from support.environment import BIN, clean_environment
from support.tap import main
from support.waiting import PATIENCE, wait_for
from s3_stub import ALWAYS, Step, after_storing, error, hang, put_another_object, Request
from shipping import worlds

beside = Beside(4)
world = worlds(beside)
WORD = "SELECT state, resolved_as, resolved_note FROM batches WHERE id = 1"


def begin_unknown(world, behaviour=hang):
    """One batch of unknown outcome, and no uploader."""
    world.send()
    world.start(Step("PUT", behaviour))
    wait_for("the PUT", lambda: world.stub.requests)
    world.uploader.kill()
    world.cure()


def environment_of(world):
    settings = world.site.settings(**world.stub.settings(**world.settings))
    return {**clean_environment(), **{name: str(value) for name, value in settings.items()}}


def ask(world, answer, *more):
    """The command with something on its standard input."""
    return subprocess.run([BIN / "uploader", "resolve", "--batch", "1", "--as", "shipped", *more], cwd=world.site.directory,
                          env=environment_of(world), input=answer, capture_output=True, text=True, timeout=PATIENCE)


# ---- asking ----

@world()
def test_nothing_is_done_unless_the_answer_is_yes(world):
    begin_unknown(world)
    for answer in ("", "\n", "y\n", "no\n", "Yes\n", " yes\n", "yes ", "yes, do\n", "yes" * 100 + "\n", "no\nyes\n", "\0yes\n"):
        done = ask(world, answer)
        assert done.returncode == 1 and "nothing was done" in done.stderr and "Do it? Type yes: " in done.stdout, (answer, done)
        assert world.site.query(WORD) == [("sealed", None, None)], answer
    done = ask(world, "yes\n")
    assert done.returncode == 0 and world.site.query(WORD) == [("shipped", "shipped", None)], done
    done = ask(world, "yes\n")
    assert done.returncode == 1 and "Do it?" not in done.stdout and "it is shipped" in done.stderr, done


@world()
def test_a_person_at_a_terminal_answers(world):
    begin_unknown(world)
    for answer, code in (b"no\n", 1), (b"\x04", 1), (b"yes\n", 0):
        ours, theirs = pty.openpty()
        process = world.site.owns(subprocess.Popen(
            [BIN / "uploader", "resolve", "--batch", "1", "--as", "abandoned"], cwd=world.site.directory,
            env=environment_of(world), stdin=theirs, stdout=theirs, stderr=theirs))
        os.close(theirs)
        shown = b""
        while b"Do it? Type yes: " not in shown:
            shown += os.read(ours, 1000)
        assert b"1 events are given up, although its object may be in the store" in shown, shown
        os.write(ours, answer)
        assert process.wait(PATIENCE) == code, answer
        os.close(ours)
        assert world.site.query(WORD)[0][0] == ("abandoned" if code == 0 else "sealed"), answer


@world()
def test_who_has_asked_and_why_is_kept(world):
    begin_unknown(world)
    environment = {**environment_of(world), "SUDO_USER": "a\x1b\u00e9" + "b" * 200}
    note = "ü" * 500
    done = subprocess.run([BIN / "uploader", "resolve", "--batch", "1", "--as", "abandoned", "--yes", "--note", note],
                          cwd=world.site.directory, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done
    by, kept = world.site.query("SELECT resolved_by, resolved_note FROM batches")[0]
    assert f"(uid {os.getuid()}) for a???bbb" in by and len(by) == 100 and kept == note, (by, kept)
    assert "a batch was resolved by a person" in done.stderr and f"(uid {os.getuid()})" in done.stderr, done


# ---- looking ----

def another_object(world):
    key = world.site.value("SELECT object_key FROM batches")
    put_another_object(world.stub, Request("PUT", key, {}, b"", "", 0))


LOOKS = (  # what is done to the store, what it answers, what the person reads
    (None, (), "the object is there, with the bytes of this batch"),
    (None, (Step("HEAD", error(403), times=ALWAYS), Step("GET", error(403, "AccessDenied"), times=ALWAYS)), "it refuses to be asked"),
    (None, (Step("HEAD", error(503), times=ALWAYS), Step("GET", error(503, "SlowDown"), times=ALWAYS)), "it cannot be asked now: "),
    (lambda world: world.stub.objects.clear(), (), "the object is not there now"),
    (another_object, (), "another object is under its key"),
)


@world()
def test_what_a_look_finds_is_shown(world):
    begin_unknown(world, after_storing(hang))
    for change, script, says in LOOKS:
        if change:
            change(world)
        world.cure(*script)
        done = ask(world, "")
        assert done.returncode == 1 and f"the store: {says}" in done.stdout, (says, done)
        assert world.site.query(WORD) == [("sealed", None, None)]
    world.stub.go_away()
    done = ask(world, "")
    assert done.returncode == 1 and "the store: it cannot be asked now: " in done.stdout, done
    done = ask(world, "", "--yes")
    assert done.returncode == 0 and "the store: it cannot be asked now: " in done.stdout, done
    assert world.site.query(WORD) == [("shipped", "shipped", None)]


# ---- what is not taken ----

USAGE = (  # arguments, a part of the explanation
    ((), "--batch is missing"),
    (("--batch", "1"), "--as is missing"),
    (("--as", "shipped"), "--batch is missing"),
    (("--batch",), "a value is missing"),
    (("--batch", "1", "--as"), "a value is missing"),
    (("--batch", "0", "--as", "shipped"), "not the id of a batch: 0"),
    (("--batch", "-1", "--as", "shipped"), "not the id of a batch: -1"),
    (("--batch", "1x", "--as", "shipped"), "not the id of a batch: 1x"),
    (("--batch", "99999999999999999999", "--as", "shipped"), "not the id of a batch"),
    (("--batch", "1", "--as", "ship"), "no way to resolve a batch: ship"),
    (("--batch", "1", "--as", ""), "no way to resolve a batch: "),
    (("--batch", "1", "--as", "shipped", "--now", "x"), "not understood: --now"),
    (("--batch", "1", "--as", "shipped", "more"), "not understood: more"),
    (("--batch", "1", "--as", "shipped", "--note", "n" * 1001), "a note is one line of text, of at most 1000 bytes"),
    (("--batch", "1", "--as", "shipped", "--note", "two\nlines"), "a note is one line"),
    (("--batch", "1", "--as", "shipped", "--note", "\x1b[2J"), "a note is one line"),
    (("--batch", "1", "--as", "shipped", "--note", b"\xff"), "a note is one line"),
)


@world()
def test_wrong_usage_is_explained(world):
    begin_unknown(world)
    for arguments, says in USAGE:
        done = world.command("resolve", "--yes", *arguments)
        assert done.returncode == 64 and says in done.stderr and "usage: eventspool resolve" in done.stderr, (arguments, done)
    done = world.command("resolve", "--batch", "99", "--as", "shipped", "--yes")
    assert done.returncode == 1 and "there is no batch 99" in done.stderr, done
    assert world.site.query(WORD) == [("sealed", None, None)] and world.site.query("SELECT * FROM _request WHERE done_at IS NULL") == []


@world()
def test_a_hostile_request_in_the_spool_is_refused(world):
    begin_unknown(world)
    world.start(Step("HEAD", error(503), times=ALWAYS))
    for argument in ("", "0 1 shipped", "0 1 shipped me\nx'||char(27)||'[2J", "0 -1 shipped me\n", "0 1 shipped " + "b" * 100000 + "\n"):
        world.site.change("INSERT INTO _request (program, action, argument, requested_at) VALUES ('uploader', 'resolve', "
                          f"'{argument}', unixepoch() * 1000 + 5000)")
        wait_for("the refusal", lambda: world.site.query("SELECT 1 FROM _request WHERE done_at IS NOT NULL AND failed AND "
                                                         "result LIKE 'this uploader does not understand the request%'"))
        world.site.change("DELETE FROM _request")
    assert world.site.query(WORD) == [("sealed", None, None)]


main(dict(globals()))
