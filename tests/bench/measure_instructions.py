"""measure_instructions -- instructions an event, counted by callgrind: they do not swing as rates do.

The collector's are the difference of two runs, so that starting, stopping and the schema are not in it.
"""
import contextlib
import re
import shutil
import subprocess

from support.environment import BIN, BUILD
from installation import Installation, fresh_directory

SAX = "libxml2's SAX push parser"
COLLECTOR = "collector, 8 connections, the whole program"
SQLITE = "SQLite, 1,000 rows a transaction"
APPEND = "the collector's spool_append(), 1,000 events a transaction"
NAMES = (SAX, SQLITE, APPEND, COLLECTOR)
COLUMNS = (("instructions/event", "instructions", 0),)
FEW, MANY = 1000, 31000


def measure(results, options):
    del options
    if not shutil.which("valgrind"):
        results.note("instructions", "not measured: valgrind is not installed")
        return
    results.add(SAX, instructions=count_part("parse_all", "sax") / MANY)
    with fresh_directory() as directory:
        results.add(SQLITE, instructions=count_part("insert_all", "baseline", directory) / MANY)
    with fresh_directory() as directory:
        results.add(APPEND, instructions=count_part("append_all", "append", directory) / MANY)
    results.add(COLLECTOR, instructions=(count_collector(MANY) - count_collector(FEW)) / (MANY - FEW))


def callgrind(out, *options):
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *options]


def instructions(out):
    return int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.MULTILINE)[1])


def count_part(function, program, *arguments):
    """Of that function alone: reading and framing are not in it."""
    with fresh_directory() as directory, open(directory / "stream", "w+b") as stream:
        subprocess.run([BIN / "acmsim", "--stdout", "--count", str(MANY)], stdout=stream, stderr=subprocess.DEVNULL,
                       check=True)
        stream.seek(0)
        subprocess.run([*callgrind(directory / "out", f"--toggle-collect={function}*"), BUILD / "bench" / program,
                        *arguments], stdin=stream, capture_output=True, check=True)
        return instructions(directory / "out")


def count_collector(events):
    with fresh_directory() as directory, contextlib.closing(Installation(directory)) as site:
        site.start_collector(*callgrind(directory / "out"))
        site.load(events, 8)
        site.stop_collector()
        return instructions(directory / "out")
