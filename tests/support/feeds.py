"""feeds -- the streams of other senders than the appliance, as `acmsim --feed` plays them."""
import re
import subprocess

from support.environment import BIN, clean_environment
from support.waiting import PATIENCE


def acmsim(*arguments):
    return subprocess.run([BIN / "acmsim", *map(str, arguments)], capture_output=True, env=clean_environment(),
                          timeout=PATIENCE)


def stream_of(feed, count, *arguments):
    """The bytes that it sends."""
    done = acmsim("--feed", feed, "--count", count, "--stdout", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def settings_of(text):
    """Settings as the list of feeds has them, in one line."""
    return dict(pair.split("=", 1) for pair in text.split())


def listed():
    """{feed: the settings that help, as text}"""
    done = acmsim("--feed", "list")
    assert done.returncode == 0, done.stderr
    parts = re.findall(r"^(\S+)\n  what it is: \S.*\n(?:  settings: (.*)\n)?  what comes out: \S.*$",
                       done.stdout.decode(), re.MULTILINE)
    assert len(parts) * 3 + sum(bool(settings) for _, settings in parts) == len(done.stdout.splitlines()), done.stdout
    return dict(parts)
