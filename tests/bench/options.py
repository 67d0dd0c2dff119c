"""options -- what a benchmark is told by the environment."""
import os
import sys


def number(name, default):
    return int(os.environ.get(name) or default)


def chosen(name, known):
    """Some of the known names, separated by blanks; all of them unless it is set."""
    names = (os.environ.get(name) or " ".join(known)).split()
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"{name}: nothing is called {' '.join(sorted(unknown))}; there are: {' '.join(known)}")
    return names
