"""bench -- events per second from socket to committed row, beside what plain SQLite does with the same rows.

Interleaved rounds in one run, medians; prints a table, never a verdict. Only ratios of one run mean something.
Settings: BENCH_ROUNDS (5), BENCH_EVENTS (200000).
"""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import BIN, BUILD, Site, wait_for

ROUNDS = int(os.environ.get("BENCH_ROUNDS", 5))
EVENTS = int(os.environ.get("BENCH_EVENTS", 200000))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def measure_collector(directory, connections):
    """Socket to committed row: from the first byte sent to the last row visible to another connection."""
    site = Site(directory)
    try:
        collector = site.collector(SPOOL_SYNC="full")
        pid = collector.process.pid
        cpu = cpu_seconds(pid)
        since = time.monotonic()
        sim = site.acmsim("--count", EVENTS, "--connections", connections)
        wait_for("all rows", lambda: site.value("SELECT last_event_id FROM _intake") == EVENTS, 300)
        seconds = time.monotonic() - since
        sim.communicate(timeout=60)
        wal = site.spool.with_name("spool.db-wal").stat().st_size
        return {"rate": EVENTS / seconds, "cpu_us": (cpu_seconds(pid) - cpu) / EVENTS * 1e6,
                "peak_mib": peak_mib(pid), "wal_mib": wal / 2**20}
    finally:
        site.close()


def measure_sqlite(directory, stream):
    with open(stream, "rb") as events:
        out = subprocess.run([BUILD / "bench/baseline", directory], stdin=events, capture_output=True, text=True,
                             check=True).stdout
    figures = dict(pair.split("=") for pair in out.split())
    return {"rate": float(figures["rows_per_second"]), "cpu_us": float(figures["cpu_seconds"]) / EVENTS * 1e6}


def in_fresh_directory(measure, *arguments):
    directory = tempfile.mkdtemp(prefix="eventspool-bench-", dir=BUILD)
    try:
        return measure(directory, *arguments)
    finally:
        shutil.rmtree(directory)


def show(name, rounds, baseline):
    rate = statistics.median(r["rate"] for r in rounds)
    ratio = statistics.median(r["rate"] / b["rate"] for r, b in zip(rounds, baseline))
    cpu = statistics.median(r["cpu_us"] for r in rounds)
    more = "".join(f"{statistics.median(r[k] for r in rounds):>10.1f}" if k in rounds[0] else f"{'-':>10}"
                   for k in ("peak_mib", "wal_mib"))
    print(f"{name:<44}{rate:>10.0f}{ratio:>9.2f}{cpu:>10.1f}{more}")


def main():
    with tempfile.NamedTemporaryFile(dir=BUILD) as stream:
        subprocess.run([BIN / "acmsim", "--stdout", "--count", str(EVENTS)], stdout=stream, stderr=subprocess.DEVNULL,
                       check=True)
        one, eight, plain = [], [], []
        for n in range(ROUNDS):
            plain.append(in_fresh_directory(measure_sqlite, stream.name))
            one.append(in_fresh_directory(measure_collector, 1))
            eight.append(in_fresh_directory(measure_collector, 8))
            print(f"round {n + 1} of {ROUNDS}: {one[-1]['rate']:.0f} and {eight[-1]['rate']:.0f} events/s, "
                  f"plain SQLite {plain[-1]['rate']:.0f} rows/s", file=sys.stderr)
    print(f"{EVENTS} events of about 2.2 KB, SPOOL_SYNC=full, medians of {ROUNDS} interleaved rounds\n")
    print(f"{'':<44}{'events/s':>10}{'ratio':>9}{'CPU us/ev':>10}{'peak MiB':>10}{'WAL MiB':>10}")
    show("plain SQLite, 1000 rows a transaction", plain, plain)
    show("collector, 1 connection, socket to row", one, plain)
    show("collector, 8 connections, socket to row", eight, plain)


main()
