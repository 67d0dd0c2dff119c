"""tap -- runs the tests of a module, each in a directory of its own, and prints a line in TAP for each.

Tests are functions whose name begins with test_. ONLY, in the environment, or the command line may choose some by name.
"""
import contextlib
import os
import shutil
import sys
import tempfile
import time
import traceback

from support.site import Site


def skip(tests, reason):
    """Says of all of the module's tests that they were not tried."""
    for name in tests:
        if name.startswith("test_"):
            print(f"ok - {name[len('test_'):].replace('_', ' ')} # SKIP {reason}")


def main(tests):
    """Runs the module's tests; the exit code tells whether all passed."""
    failed = 0
    wanted = sys.argv[1:] or os.environ.get("ONLY", "").split()
    for name, test in [(n, t) for n, t in tests.items() if n.startswith("test_") and callable(t)]:
        sentence = name[len("test_"):].replace("_", " ")
        if wanted and name not in wanted:
            continue
        directory = tempfile.mkdtemp(prefix="eventspool-")
        started = time.monotonic()
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, directory, ignore_errors=True)
            try:
                site = Site(directory)
                try:
                    test(site)
                finally:
                    site.close()
            except Exception:
                failed += 1
                print(f"not ok - {sentence}")
                print("# " + traceback.format_exc().replace("\n", "\n# "))
            else:
                print(f"ok - {sentence} ({time.monotonic() - started:.1f} s)")
    sys.exit(1 if failed else 0)
