"""main -- runs the tests of a real system, in their order and all on one machine, and prints the figures.

    main.py DIRECTORY PACKAGE NEWER_PACKAGE [MODULE...]

DIRECTORY/root is the machine's tree, DIRECTORY/fresh is one that is copied and never changed, and DIRECTORY/eventspool.git are
the sources. run.sh prepares all of it.
"""
import contextlib
import importlib
import signal
import sys
import time
import traceback

from fresh import Fresh
from installation import UNITS, Installation
from support.documents import Marked
from support.tap import say, sentence

MODULES = ("installing", "identities", "spool_files", "rebooting", "failing", "upgrading", "figures", "removing")
FRESH_MODULES = ("quickstart",)  # each of their tests has a machine of its own


def passes(name, test, system):
    started = time.monotonic()
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    try:
        test(system)
    except Exception:
        trouble = traceback.format_exc() + journal(system, since)
        say(f"not ok - {sentence(name)}\n# " + trouble.replace("\n", "\n# "))
        return False
    say(f"ok - {sentence(name)} ({time.monotonic() - started:.1f} s)")
    return True


def journal(system, since):
    """What the units have said since the test began."""
    try:
        units = [argument for unit in UNITS for argument in ("--unit", unit)]
        return "\n".join(system.machine.journal(f"--since={since} UTC", *units).splitlines()[-60:])
    except Exception as e:
        return f"no journal: {e}"


def print_figures(figures):
    width = max(map(len, figures), default=0)
    for name, value in figures.items():
        print(f"{name:{width}}  {value}")


def run(module, system):
    """All tests of a module. Each block of a document that is marked for it must have been taken."""
    content = vars(importlib.import_module(f"test_{module}"))
    results = [passes(name, test, system) for name, test in content.items() if name.startswith("test_")]
    left = [line for value in content.values() if isinstance(value, Marked) for line in value.left()]
    if left:
        say(f"not ok - {module} runs each block that is marked for it\n# " + "\n# ".join(left))
        results.append(False)
    return results


def main(directory, package, newer, *wanted):
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C: the machine is ended, too
    results = []
    chosen = [module for module in MODULES if not wanted or module in wanted]
    if chosen:
        with contextlib.closing(Installation(directory, package, newer)) as system:
            system.begin()
            for module in MODULES:
                if module == MODULES[0] or module in chosen:
                    results += run(module, system)
            print_figures(system.figures)
    for module in FRESH_MODULES:
        if not wanted or module in wanted:
            with contextlib.closing(Fresh(directory, package)) as system:
                results += run(module, system)
                print_figures(system.figures)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
