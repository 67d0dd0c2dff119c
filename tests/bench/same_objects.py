"""same_objects -- do two builds of the uploader make the same objects, byte for byte, of all samples and many events?

    BUILD=build/release PYTHONPATH=tests python3 -B tests/bench/same_objects.py OLD_UPLOADER NEW_UPLOADER [EVENTS]

Each combination of settings is a line. Exit code 1: one of them differs. The collector is that of BUILD.
"""
import contextlib
import hashlib
import itertools
import pathlib
import shutil
import subprocess
import sys

from support.environment import clean_environment
from installation import Installation, fresh_directory
from measure_uploader import reset

DATA = pathlib.Path(__file__).parents[1] / "data"
SETTINGS = [{"OUTPUT_FORMAT": form, "COMPRESSION": compression, "EVENT_METADATA": metadata}
            for form, compression, metadata in itertools.product(("xml", "json", "ndjson"), ("none", "gzip"), ("true", "false"))]
SETTINGS += [{"OUTPUT_FORMAT": "json", "PRETTY_PRINT_JSON": "true"},
             {"EVENT_METADATA": "true", "DROP_FIELDS": "cn,plasectrxSourcename"},
             {"OUTPUT_FORMAT": "ndjson", "DROP_FIELDS": "cn", "REJECTS_PAYLOAD": "true"},
             {"EVENT_METADATA": "true", "MAX_FILE_SIZE": "40000"}]


def fill(site, events):
    """Samples, what senders do wrong, and events of acmsim."""
    site.start_collector()
    for path in sorted(DATA.glob("samples/*.xml")) + sorted(DATA.glob("cases/*.[xb]*")):
        site.send(path.read_bytes())
    site.load(events, 8)
    site.stop_collector()


def objects(site, program, settings):
    """[(kind, first_id, last_id, SHA-256)]: the keys have the time in them."""
    target = site.directory / "objects"
    reset(site.spool)
    environment = {**clean_environment(), **{name: str(value) for name, value in site.settings(**settings).items()}}
    subprocess.run([program, "flush"], cwd=site.directory, env={**environment, "DESTINATION_DIR": str(target)}, check=True,
                   capture_output=True)
    rows = site.query("SELECT kind, first_id, last_id, object_key FROM _batch WHERE shipped_at > 0 ORDER BY 1, 2")
    found = [(*row, hashlib.sha256((target / key).read_bytes()).hexdigest()) for *row, key in rows]
    shutil.rmtree(target)
    assert sum(last - first + 1 for kind, first, last, _ in found if kind == "events") == site.query(
        "SELECT last_event_id FROM _intake")[0][0]
    return found


def main(old, new, events="100000"):
    differing = 0
    with fresh_directory() as directory, contextlib.closing(Installation(directory)) as site:
        fill(site, int(events))
        for settings in SETTINGS:
            first, second = (objects(site, pathlib.Path(program).resolve(), settings) for program in (old, new))
            differing += first != second
            print("same" if first == second else "DIFFERENT", len(first), settings, flush=True)
    return 1 if differing else 0


sys.exit(main(*sys.argv[1:]))
