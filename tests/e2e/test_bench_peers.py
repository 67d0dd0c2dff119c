"""`make bench-peers` with a small load, so that it can be run when it is wanted: each program of its table receives and
delivers every event once, and a program that loses, changes or doubles some is found out, whatever it says itself."""
import os
import re
import subprocess
import sys

from support.environment import BUILD, ROOT
from support.tap import main
from support.waiting import PATIENCE

EVENTS = 2000
FIGURES = ("accepted/s", "delivered/s", "on the disk/s", "CPU s per million", "peak MB")
# Stands in for Fluent Bit: by its configuration it knows the port and the directory. Event 3 is left out, 5 comes three times,
# and 7 has one byte changed.
BAD_RECEIVER = r'''#!%s
import re, signal, socket, sys
text = open(sys.argv[sys.argv.index("-c") + 1]).read()
port, path = (re.search(rf"^ +{name} (\S+)$", text, re.MULTILINE)[1] for name in ("Port", "Path"))
connection = socket.create_server(("127.0.0.1", int(port))).accept()[0]
with open(path + "/events", "wb") as out:
    for number, line in enumerate(connection.makefile("rb"), 1):
        out.write({3: b"", 5: 3 * line, 7: line.replace(b"plasec", b"plasek", 1)}.get(number, line))
connection.close()
signal.pause()
''' % sys.executable


def bench(*programs, **settings):
    """{program: {heading: cell}} of the first table, {goal: [measured, goal]} of the second."""
    subprocess.run(["sh", "tests/comparison/packages.sh"], cwd=ROOT, check=True, timeout=PATIENCE * 5,
                   stdout=subprocess.DEVNULL)
    environment = {**os.environ, "BUILD": str(BUILD), "PYTHONPATH": str(ROOT / "tests"), "BENCH_EVENTS": str(EVENTS),
                   "BENCH_ROUNDS": "1", "BENCH_PEERS": " ".join(programs), **settings}
    done = subprocess.run([sys.executable, "-B", ROOT / "tests/bench/peers.py"], env=environment, capture_output=True, text=True,
                          timeout=PATIENCE * 5)
    assert done.returncode == 0, done.stderr
    tables = [[[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
              for table in re.findall(r"(?:^\|.*\n)+", done.stdout, re.MULTILINE)]
    (heading, _, *rows), (_, _, *goals) = tables
    return {row[0]: dict(zip(heading, row, strict=True)) for row in rows}, {goal[0]: goal[1:] for goal in goals}


def median(cell):
    return float(cell.split()[0].replace(",", ""))


def test_every_program_delivers_every_event_once(site):
    rows, goals = bench(FLUENT_BIT="")
    assert len(rows) == 5, rows
    assert {name for name, row in rows.items() if "not run" in row.values()} == {"Fluent Bit (filesystem, sync full) to a file"}
    for row in (row for row in rows.values() if "not run" not in row.values()):
        assert (row["lost"], row["doubled"]) == ("0", "0"), row
        assert median(row["delivered/s"]) >= median(row["on the disk/s"]), row
        assert all(median(row[figure]) > 0 for figure in FIGURES), row
    assert [goal for _, goal in goals.values()] == [">= 1.15", ">= 1.15", "stated", "<= 1.00", "<= 64"], goals
    assert [value == "not run" for value, _ in goals.values()] == [False, True, False, False, False], goals


def test_what_a_program_loses_changes_or_doubles_is_found_out(site):
    program = site.directory / "fluent-bit"
    program.write_text(BAD_RECEIVER)
    program.chmod(0o755)
    (row,) = bench("fluent-bit", FLUENT_BIT=str(program))[0].values()
    assert (row["lost"], row["doubled"]) == ("2", "2"), row


main(dict(globals()))
