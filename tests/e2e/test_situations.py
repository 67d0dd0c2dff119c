"""The six situations in which somebody is called, each made with the real programs: what `eventspool status` shows on a
terminal is the screen that docs/operating.md shows for it, but for figures, names and places."""
import contextlib
import os
import re

from support.disk import MIB, SMALL, fill, with_small_disk
from support.documents import marked_for
from support.environment import BIN, clean_environment
from support.tap import main, skip
from support.terminal import Terminal
from support.waiting import wait_for
from s3_stub import ALWAYS, ANY, Step, Stub, error

COLUMNS, LINES = 80, 24
CRITICAL = 2  # an exit code of status
BLOCKS = marked_for(__file__)

# What differs from run to run, and from site to site.
FIGURES = {
    r"\S*/spool\.db": "SPOOL",
    r"\([0-9a-f]{10}\)": "(NAME)",
    r"node \S+,": "node NODE,",
    r"s3://\S+": "DESTINATION",
    r"\b(?:stub|my)-bucket\b": "BUCKET",
    r"\S*xml-events/[^\s:]*": "KEY",
    r"(HTTP \d+ \w+): .*": r"\1: the store's message",
    r"\d{4}-\d\d-\d\dT[\d:.]+Z": "TIME",
    r"tried (?:once|[\d,]+ times)": "tried TIMES",
    r", at today's rate enough for .*": "",
    r"[\d,]+ events?\b": "EVENTS",
    r"\d+ to ship, \d+ blocked": "BATCHES",
    r"[\d.]+ (?:bytes?|[KMGT]iB)\b": "SIZE",
    r"\d+ (?:s|min|h|days)\b": "SPAN",
    r"version \S+": "VERSION",
}


def without_figures(screen):
    """The entries, each in one line, with the words of FIGURES in place of what differs."""
    text = re.sub(r"\n {13}", " ", screen)
    for pattern, word in FIGURES.items():
        text = re.sub(pattern, word, text)
    return text


def without_numbers(printed):
    """The same for what other commands print, which stands in columns."""
    text = re.sub(r"\d+(?:\.\d+){3}", "ADDRESS", without_figures(printed))
    text = re.sub(r"cn=\S+", "SENDER", re.sub(r"KEY:? HTTP", "KEY: HTTP", text))
    return re.sub(" +", " ", re.sub(r"\d+", "N", text))


def documented(situation):
    return BLOCKS.take("docs/operating.md", situation)


def look(site):
    """What a person sees on a terminal, and the exit code."""
    settings = {**clean_environment(), **{name: str(value) for name, value in site.settings().items()}}
    terminal = Terminal(site, [BIN / "eventspool", "status"], settings, columns=COLUMNS)
    code = terminal.wait_for_end()
    return "\n".join(line.rstrip() for line in terminal.screen()), code


def assert_fits(screen):
    """A line is longer than the terminal only where it is a word that is."""
    assert screen.count("\n") <= LINES, screen
    for line in screen.splitlines():
        assert len(line) < COLUMNS or " " not in line[13:], line


def check(site, situation, *, verdict, code, words=()):
    """Waits for the verdict and the words; then the screen is the document's."""
    def is_there():
        screen, exit_code = look(site)
        has_words = all(word in without_figures(screen) for word in words)
        return screen.splitlines()[0] == f"verdict      {verdict}" and has_words and (screen, exit_code)
    screen, exit_code = wait_for(f"the verdict {verdict!r}", is_there)
    assert exit_code == code, screen
    assert_fits(documented(situation))
    assert without_figures(screen) == without_figures(documented(situation)), screen


def with_stub(test):
    def run(site, *arguments):
        with contextlib.closing(Stub()) as stub:
            test(site, stub, *arguments)
    return run


def send(site):
    site.send_events(3)
    site.wait_for_events(3)
    site.wait_until_shipped()


@with_stub
def test_s3_refuses(site, stub):
    site.collector()
    site.uploader(**stub.settings())
    send(site)
    stub.set_script(Step(ANY, error(403, "AccessDenied"), times=ALWAYS))
    site.send_events(3)
    check(site, "S3 refuses", verdict="events are waiting, a person is needed: s3_refused", code=CRITICAL)


@with_small_disk
@with_stub
def test_the_disk_is_full(site, stub, place):
    collector = site.collector(**SMALL)
    collector.wait_for_log("listening")
    site.uploader(**stub.settings())
    send(site)
    fill(place, 4 * MIB)
    check(site, "the disk is full", verdict="events are held back at their senders: paused_disk", code=CRITICAL)


@with_stub
def test_the_collector_is_dead(site, stub):
    collector = site.collector()
    site.uploader(**stub.settings())
    send(site)
    collector.kill()
    check(site, "the collector is dead", verdict="events are being lost: collector_absent", code=CRITICAL)


@with_stub
def test_the_uploader_is_dead(site, stub):
    site.collector()
    uploader = site.uploader(**stub.settings())
    send(site)
    uploader.kill()
    site.send_events(3)
    site.wait_for_events(6)
    check(site, "the uploader is dead", verdict="events are waiting, a person is needed: uploader_absent", code=CRITICAL)


@with_stub
def test_nothing_ever_arrived(site, stub):
    site.collector()
    uploader = site.uploader(**stub.settings())
    uploader.wait_for_log("destination")
    check(site, "nothing ever arrived", verdict="nothing has arrived yet", code=0, words=["uploader     running for", "DESTINATION"])


@with_stub
def test_keys_are_wrong_before_the_first_batch(site, stub):
    site.collector()
    site.uploader(**stub.settings(AWS_SECRET_ACCESS_KEY="x" * 40))
    check(site, "keys are wrong", verdict="events are waiting, a person is needed: credentials", code=CRITICAL,
          words=["destination_unproven"])


@with_stub
def test_the_commands_of_the_runbook_print_what_it_shows(site, stub):
    site.collector()
    stub.set_script(Step(ANY, error(404, "NoSuchBucket"), times=ALWAYS))
    site.send(b"<EVENT><cn>1</cn><a>Gate & Dock</a></EVENT>\n<ALARM><cn>2</cn></ALARM>\n")
    site.send_events(3)
    site.wait_for_events(3)
    wait_for("the rejects", lambda: site.value("SELECT count(*) FROM rejects") == 2)
    site.uploader(**stub.settings(REJECTS_PREFIX="none"))
    wait_for("the refusal", lambda: site.value("SELECT count(*) FROM batches WHERE state = 'blocked'") == 1)
    wait_for("the signs", lambda: look(site)[0].count("\nproblem ") == 3)
    blocks = [text.split("\n", 1) for text in BLOCKS.take_all("docs/operating.md", "commands")]
    assert len(blocks) == 6, blocks
    for command, shown in blocks:
        arguments = command.removeprefix("$ eventspool ")
        assert arguments != command, command
        done = site.command("eventspool", *arguments.split(), **stub.settings(REJECTS_PREFIX="none"))
        assert without_numbers(done.stdout + done.stderr) == without_numbers(shown), (arguments, done.stdout + done.stderr)


if os.geteuid() != 0:
    del test_the_disk_is_full
    skip(["test_the_disk_is_full"], "mounting needs root")
    documented("the disk is full")
main(dict(globals()))
