"""measure_speed -- the collector at full speed with 1, 8 and 64 senders, beside the same work by its parts.

The parts: libxml2's SAX push parser alone, SQLite alone with the same rows, and a sink that looks at nothing.
"""
import subprocess
import tempfile

import proc
from support.environment import BIN, BUILD, clean_environment
from support.ports import reserve_port
from installation import MIB, fresh_directory, fresh_installation

SAX = "libxml2's SAX push parser alone, one thread"
SQLITE = "SQLite alone, 1,000 rows a transaction"
SINK = "a sink: append and fdatasync each read"
SINK_SYNC = "the sink's append and fdatasync of a read"
CONNECTIONS = (1, 8, 64)

COLUMNS = (("events/s", "rate", 0), ("CPU us/event", "cpu_us", 2), ("busy cores", "cores", 2),
           ("peak MiB", "peak_mib", 1), ("peak anonymous", "anonymous_mib", 1), ("peak WAL", "wal_mib", 1),
           ("made dirty/payload", "dirty_payload", 2), ("disk bytes/event", "disk_event", 0), ("disk/payload", "disk_payload", 2),
           ("commits", "commits", 0))


def collector(connections):
    return f"collector, {connections} connection{'s' if connections > 1 else ''}"


NAMES = (SAX, SQLITE, SINK, *map(collector, CONNECTIONS))


def measure(results, options):
    """One round: each of them once."""
    with tempfile.NamedTemporaryFile(dir=BUILD) as stream:
        subprocess.run([BIN / "acmsim", "--stdout", "--count", str(options.events)], stdout=stream,
                       stderr=subprocess.DEVNULL, check=True)
        measure_part(results, SAX, options.events, stream, "sax")
        with fresh_directory() as directory:
            measure_part(results, SQLITE, options.events, stream, "baseline", directory)
    measure_sink(results, options.events)
    for connections in CONNECTIONS:
        measure_collector(results, options.events, connections)


def measure_part(results, name, events, stream, program, *arguments):
    stream.seek(0)
    out = subprocess.run([BUILD / "bench" / program, *arguments], stdin=stream, capture_output=True, text=True,
                         check=True).stdout
    figures = figures_of(out)
    results.add(name, rate=events / figures["seconds"], cpu_us=figures["cpu_seconds"] / events * 1e6)


def figures_of(line):
    """`name=value ...` as a dictionary."""
    return {name: float(value) for name, value in (pair.split("=") for pair in line.split())}


def measure_sink(results, events):
    port = str(reserve_port())
    with fresh_directory() as directory:
        sink = subprocess.Popen([BUILD / "bench/sink", port, directory / "sink"], stdout=subprocess.PIPE, text=True)
        try:
            subprocess.run([BIN / "acmsim", "--port", port, "--wait", "10", "--count", str(events)], check=True,
                           env=clean_environment(), stdout=subprocess.DEVNULL)
            figures = figures_of(sink.communicate(timeout=60)[0])
        finally:
            sink.kill()
            sink.wait()
    results.add(SINK, rate=events / figures["seconds"], cpu_us=figures["cpu_seconds"] / events * 1e6, commits=figures["syncs"])
    results.add(SINK_SYNC, count=figures["syncs"], **{name: figures[name] for name in ("p50_ms", "p99_ms", "max_ms")})


def measure_collector(results, events, connections):
    with fresh_installation() as site:
        disk = proc.disk_written(site.directory)
        cpu, busy, written = proc.cpu_seconds(site.pid), proc.busy_seconds(), proc.written_bytes(site.pid)
        commits = site.commits()
        seconds = site.load(events, connections)
        cores = (proc.busy_seconds() - busy) / seconds
        cpu = proc.cpu_seconds(site.pid) - cpu
        threads = proc.thread_seconds(site.pid).values()
        written = proc.written_bytes(site.pid) - written + site.finish_checkpoint()
        disk = written if disk is None else proc.disk_written(site.directory) - disk
        results.add(collector(connections), rate=events / seconds, cpu_us=cpu / events * 1e6, cores=cores,
                    peak_mib=proc.status_mib(site.pid, "VmHWM"), anonymous_mib=site.anonymous_peak,
                    wal_mib=site.wal_peak / MIB, dirty_payload=written / site.payload_bytes(), disk_event=disk / events,
                    disk_payload=disk / site.payload_bytes(), commits=site.commits() - commits)
        results.note(f"CPU us/event of each thread, the main thread first, {connections} connections, last round",
                     " ".join(f"{t / events * 1e6:.2f}" for t in threads))
