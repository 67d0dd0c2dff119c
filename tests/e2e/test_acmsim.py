"""acmsim's command line: the time between events, and what is wrong usage. That it sends what it says shows in all tests
that send events with it."""
import os
import re
import select
import signal
import subprocess

from support.environment import BIN, clean_environment
from support.tap import main
from support.waiting import PATIENCE


def acmsim(*arguments):
    return subprocess.run([BIN / "acmsim", *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE,
                          env=clean_environment())


def seconds_of(report):
    return float(re.search(r" seconds=([\d.]+) ", report)[1])


def test_interval_is_the_time_between_two_events(site):
    for arguments, least in ((("--interval", "150ms", "--count", 4), 0.45), (("--interval", "1", "--count", 2), 1),
                             (("--interval", "50MS", "--count", 7, "--feed", "log4j"), 0.3)):
        done = acmsim("--stdout", *arguments)
        assert done.returncode == 0, done.stderr
        assert seconds_of(done.stderr) >= least * 0.99, done.stderr
    assert seconds_of(acmsim("--stdout", "--count", 1000, "--interval", 0).stderr) < 60  # as fast as possible


def test_with_an_interval_the_first_event_is_sent_at_once(site):
    sim = subprocess.Popen([BIN / "acmsim", "--stdout", "--count", "2", "--interval", "1h"], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, env=clean_environment())
    site.owns(sim)
    first = b""
    while not first.endswith(b"</EVENT>\n"):
        assert select.select([sim.stdout], [], [], PATIENCE)[0], first
        line = os.read(sim.stdout.fileno(), 65536)
        assert line, first
        first += line
    assert sim.poll() is None
    sim.send_signal(signal.SIGTERM)
    rest, report = sim.communicate(timeout=PATIENCE)
    assert sim.returncode == 0 and rest == b"" and b"sent events=1 " in report, (rest, report)


def test_the_interval_is_over_all_connections(site):
    site.collector()
    out = site.send_events(5, "--connections", 2, "--interval", "100ms")
    assert seconds_of(out) >= 0.4 * 0.99, out
    site.wait_for_events(5)


def test_a_wrong_interval_is_wrong_usage(site):
    for arguments, words in (
            (("--interval", "2s", "--rate", 5), ("--interval", "--rate", "one of them")),
            (("--rate", 5, "--interval", "500ms"), ("--interval", "--rate", "one of them")),
            (("--interval", "0.5"), ('"0.5" is wrong', "ms, s, m, h or d", "0 to 1d")),
            (("--interval", "5x"), ('"5x" is wrong', "seconds, or a number with ms, s, m, h or d")),
            (("--interval", "-1"), ('"-1" is wrong',)), (("--interval", ""), ('"" is wrong',)),
            (("--interval", "25h"), ("0 to 1d",)), (("--interval", "99999999999999999999d"), ("0 to 1d",)),
            (("--interval", "1 s"), ('"1 s" is wrong',)), (("--interval",), ("has no value", "seconds"))):
        done = acmsim("--stdout", "--count", 1, *arguments)
        assert done.returncode == 64 and done.stdout == "", arguments
        assert len(done.stderr.splitlines()) == 1 and all(word in done.stderr for word in words), done.stderr


def test_help_has_the_interval(site):
    text = acmsim("--help").stdout
    assert "--interval DURATION" in text and "500ms" in text


main(dict(globals()))
