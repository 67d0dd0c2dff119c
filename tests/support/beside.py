"""beside -- worlds that mostly wait run beside each other: each is a test with a site of its own, in a thread.

All that are wanted begin with the first test that asks.
"""
import concurrent.futures
import contextlib
import pathlib
import tempfile

from support.site import Site
from support.tap import is_wanted


class Beside:
    def __init__(self, at_once):
        self.pool = concurrent.futures.ThreadPoolExecutor(at_once)
        self.worlds = {}  # name: what is called with the site
        self.running = {}

    def add(self, name, world):
        """`name` is a test's, with underscores or spaces. Returns the name and the test for tap.main()."""
        assert name not in self.worlds, name
        self.worlds[name] = world
        return name, lambda site: self.result(name)

    def result(self, name):
        if not self.running:
            self.directory = tempfile.TemporaryDirectory(prefix="eventspool-beside-", ignore_cleanup_errors=True)
            for number, (each, world) in enumerate(self.worlds.items()):
                if is_wanted(each):
                    directory = pathlib.Path(self.directory.name) / str(number)
                    directory.mkdir()
                    self.running[each] = self.pool.submit(run, world, directory)
        self.running[name].result()


def run(world, directory):
    with contextlib.closing(Site(directory)) as site, site.telling_of_failures():
        world(site)
