"""tap -- runs the tests of a module, each in a directory of its own, and prints a line in TAP for each.

Tests are functions whose name begins with test_. ONLY, in the environment, or the command line may choose some by name.
"""
import concurrent.futures
import contextlib
import functools
import os
import sys
import tempfile
import time
import traceback

from support.documents import Marked
from support.site import Site


def skip(tests, reason):
    """Says of all of the module's tests that they were not tried."""
    for name in tests:
        if name.startswith("test_"):
            print(f"ok - {sentence(name)} # SKIP {reason}")


def sentence(name):
    return name[len("test_"):].replace("_", " ")


def say(line):
    """In one write: tests may run beside each other, and print() writes the end of the line by itself."""
    sys.stdout.write(line + "\n")


def passes(name, test):
    """Runs one test on a site of its own, and prints its line."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="eventspool-", ignore_cleanup_errors=True) as directory:
        try:
            with contextlib.closing(Site(directory)) as site, site.telling_of_failures():
                test(site)
        except Exception:
            say(f"not ok - {sentence(name)}\n# " + traceback.format_exc().replace("\n", "\n# "))
            return False
        say(f"ok - {sentence(name)} ({time.monotonic() - started:.1f} s)")
        return True


def tests_of(check, rows):
    """Tests that differ by their arguments alone. `rows`: {name: what check() gets after the site}"""
    return {f"test_{name}": functools.partial(lambda arguments, site: check(site, *arguments), arguments)
            for name, arguments in rows.items()}


def is_wanted(name):
    wanted = sys.argv[1:] or os.environ.get("ONLY", "").split()
    return not wanted or name in wanted


def takes_its_blocks(tests):
    """Whether the tests have taken each block that a document marks for them."""
    left = [line for value in tests.values() if isinstance(value, Marked) for line in value.left()]
    if left:
        say("not ok - each block that is marked for this test is run\n# " + "\n# ".join(left))
    return not left


def main(tests, at_once=1):
    """Runs the module's tests, so many at once where they mostly wait; the exit code tells whether all passed."""
    chosen = {name: test for name, test in tests.items()
              if name.startswith("test_") and callable(test) and is_wanted(name)}
    try:
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            running = [pool.submit(passes, name, test) for name, test in chosen.items()]
            results = [test.result() for test in running]
    except KeyboardInterrupt:
        os._exit(130)  # at once: a thread of the test may have minutes to wait
    if len(chosen) == sum(name.startswith("test_") for name in tests):
        results.append(takes_its_blocks(tests))
    sys.exit(0 if all(results) else 1)
